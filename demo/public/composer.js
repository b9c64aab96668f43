import { byId } from './dom.js'

/** The field in which messages are written. Each room has its own draft; what is refused returns to its writer. */

const text = byId('text')
const problem = byId('problem')
const drafts = new Map()
let current
let isOnline = false
let sending = 0

/**
 * @param {{publish: (channel: string, text: string) => Promise<void>, typing: (channel: string) => void}} actions
 *   `publish` rejects with why it was refused.
 */
export function startComposer(actions) {
  byId('composer').addEventListener('submit', (event) => {
    event.preventDefault()
    send(actions)
  })
  text.addEventListener('input', () => {
    if (text.value.trim() !== '') actions.typing(current)
  })
  text.addEventListener('keydown', (event) => {
    if (event.key !== 'Enter' || event.shiftKey || event.isComposing) return
    event.preventDefault()
    send(actions)
  })
}

/** Another room is open: its draft takes the place of the one before. */
export function writeTo(channel, placeholder) {
  if (current !== undefined) drafts.set(current, text.value)
  current = channel
  text.value = drafts.get(channel) ?? ''
  text.placeholder = placeholder
  showProblem('')
}

/** Where a keyboard is at hand; on a phone it would cover half of the page. */
export function focusComposer() {
  if (matchMedia('(hover: hover)').matches) text.focus({ preventScroll: true })
}

/** Whether messages can be sent. One may go on writing. */
export function letSend(value) {
  isOnline = value
  byId('send').disabled = !value
}

/** Shows why something was not done; `''` clears it. */
export function showProblem(message) {
  problem.textContent = message
}

function send(actions) {
  const said = text.value.trim()
  if (!isOnline || said === '') return
  const channel = current
  showProblem('')
  text.value = ''
  count(1)
  actions
    .publish(channel, said)
    .catch((error) => giveBack(channel, said, error.message))
    .finally(() => count(-1))
}

function count(change) {
  sending += change
  byId('sending').hidden = sending === 0
}

/** Before what has been written since. */
function giveBack(channel, said, why) {
  const since = channel === current ? text.value : (drafts.get(channel) ?? '')
  const both = since === '' ? said : `${said}\n${since}`
  if (channel !== current) drafts.set(channel, both)
  else {
    text.value = both
    showProblem(why)
  }
}
