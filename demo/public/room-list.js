import { byId, element, setText } from './dom.js'
import { authorOf, roomOf, shortTime, textOf, whoTypes } from './words.js'

/** The rooms of the user: what was said last, and how much of it is unread. */

const list = byId('rooms')
const items = new Map()

/**
 * Draws the rooms anew, the one with the newest message first; what stays the same is not touched.
 * @param rooms {name, unread, last, typing}
 */
export function showRooms(rooms, { current, me }) {
  const ordered = [...rooms].sort(byNewest)
  for (const [name, item] of items) if (!rooms.some((room) => room.name === name)) remove(name, item)
  ordered.forEach((room, place) => {
    const item = itemOf(room.name)
    draw(item, room, { isCurrent: room.name === current, me })
    put(item, place)
  })
}

const whenOf = ({ last }) => last?.datetime ?? ''

function byNewest(one, other) {
  if (whenOf(one) === whenOf(other)) return one.name < other.name ? -1 : 1
  return whenOf(one) > whenOf(other) ? -1 : 1
}

function remove(name, item) {
  item.remove()
  items.delete(name)
}

/** Moves an item only if it stands elsewhere, and gives it the focus back that moving takes. */
function put(item, place) {
  if (list.children[place] === item) return
  const focused = item.contains(document.activeElement) ? document.activeElement : undefined
  list.insertBefore(item, list.children[place] ?? null)
  focused?.focus({ preventScroll: true })
}

function itemOf(channel) {
  const known = items.get(channel)
  if (known !== undefined) return known
  const item = element('li')
  const link = element('a', 'room-link')
  link.href = `/chat?room=${encodeURIComponent(roomOf(channel))}`
  link.dataset.channel = channel
  link.append(
    row(element('span', 'room-name', `#${roomOf(channel)}`), element('time', '')),
    row(element('span', 'preview'), badge()),
  )
  item.append(link)
  items.set(channel, item)
  return item
}

function row(...parts) {
  const made = element('span', 'room-row')
  made.append(...parts)
  return made
}

function badge() {
  const made = element('span', 'badge')
  made.append(element('span', 'badge-count'), element('span', 'hidden', ' unread'))
  return made
}

function draw(item, { unread, last, typing }, { isCurrent, me }) {
  const link = item.firstElementChild
  const [, time] = link.firstElementChild.children
  const [preview, mark] = link.lastElementChild.children
  if (isCurrent) link.setAttribute('aria-current', 'page')
  else link.removeAttribute('aria-current')
  link.classList.toggle('has-unread', unread > 0)
  setText(time, last?.datetime ? shortTime(new Date(last.datetime)) : '')
  preview.classList.toggle('types', typing.length > 0)
  setText(preview, whoTypes(typing) || previewOf(last, me))
  mark.hidden = unread === 0
  setText(mark.firstElementChild, unread > 99 ? '99+' : String(unread))
}

function previewOf(last, me) {
  if (last === undefined) return 'Nothing yet'
  return `${last.user === me ? 'You' : authorOf(last)}: ${textOf(last.payload)}`
}
