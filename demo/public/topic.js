import { byId } from './dom.js'

/** The topic of the room, which everybody may change. */

const form = byId('topic-form')
const input = byId('topic')
const save = byId('topic-save')

/** `room()` is the one that is open, `topic()` what its topic is; `onProblem` is told in words. */
export function startTopic({ room, topic, onProblem }) {
  form.addEventListener('submit', async (event) => {
    event.preventDefault()
    input.blur()
    const body = new URLSearchParams({ room: room(), topic: input.value })
    const response = await fetch('/topic', { method: 'POST', body }).catch(() => undefined)
    if (response?.ok) return
    onProblem('The topic could not be changed.')
    showTopic(topic())
  })
  // The button shows while the topic is being written; leaving the field without it takes nothing over.
  input.addEventListener('focus', () => {
    save.hidden = false
  })
  form.addEventListener('focusout', (event) => {
    if (event.relatedTarget === save || event.relatedTarget === input) return
    save.hidden = true
    setTimeout(() => showTopic(topic()))
  })
}

/** Shows the topic, unless its user is just changing it. */
export function showTopic(topic) {
  if (document.activeElement === input) return
  input.value = typeof topic === 'string' ? topic : ''
  input.title = input.value
}

export function letChangeTopic(value) {
  input.disabled = !value
}
