import { byId } from './dom.js'

/** A way into the same room for a Hipochat client: a token of this user, made when it is asked for. */

const token = byId('token')
const copy = byId('copy-token')

export function startHipochat() {
  copy.addEventListener('click', async () => {
    const response = await fetch('/token', { method: 'POST' }).catch(() => undefined)
    if (!response?.ok) return say('No token: log in again')
    token.value = (await response.json()).token
    token.hidden = false
    token.select()
    // Where the browser does not let us copy, it is selected.
    await navigator.clipboard.writeText(token.value).then(
      () => say('Copied'),
      () => say('Copy it'),
    )
  })
}

function say(text) {
  copy.textContent = text
  setTimeout(() => {
    copy.textContent = 'Copy a token'
  }, 2000)
}

/** The test page opens in the room that is open here. */
export function leadTo(offhookUrl, channel) {
  byId('talk-link').href = `${offhookUrl}/talk/#${channel}`
}
