import { avatar, byId, element, timeElement } from './dom.js'
import { shortTime } from './words.js'

/** What the app was told while somebody was away. The app is asked from time to time, as long as the page is looked at. */

const intervalMs = 2000
let shown = ''

/** Shows pushes, and goes on doing so. */
export function startPushes() {
  const ask = async () => {
    if (!document.hidden) await refresh()
    setTimeout(ask, intervalMs)
  }
  document.addEventListener('visibilitychange', () => document.hidden || refresh())
  ask()
}

async function refresh() {
  const response = await fetch('/pushes').catch(() => undefined)
  if (response?.ok) show(await response.json())
}

function show(pushes) {
  byId('no-pushes').hidden = pushes.length > 0
  // Nothing is drawn anew while somebody reads it.
  const ids = pushes.map(({ id }) => id).join()
  if (ids === shown) return
  shown = ids
  byId('pushes').replaceChildren(...pushes.map(pushItem))
}

function pushItem({ room, receivers, author, text, at }) {
  const item = element('li', 'push')
  const head = element('div', 'push-head')
  const when = new Date(at)
  head.append(element('span', 'push-room', `#${room}`), timeElement(when, shortTime(when)))
  const said = element('p', 'push-text')
  said.append(element('b', '', author ?? 'The app'), ` ${text}`)
  said.dir = 'auto'
  const to = element('ul', 'receivers')
  to.setAttribute('aria-label', 'Receivers')
  to.append(...receivers.map(receiverItem))
  item.append(head, said, to)
  return item
}

function receiverItem({ name, unread }) {
  const item = element('li')
  item.append(avatar(name), element('span', 'name', name), element('span', 'unread', `${unread} unread`))
  return item
}
