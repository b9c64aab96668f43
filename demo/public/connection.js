import { byId, setText } from './dom.js'

/** How the page stands with Offhook: a line above the messages where something is wrong, and a word beside the name. */

const scriptRetryMs = 2000
const words = { connected: 'Connected', connecting: 'Connecting…', closed: 'Offline' }

/** Loads Offhook's own script, again and again while Offhook is down. */
export async function loadSdk(offhookUrl) {
  showState({ state: 'connecting' })
  for (;;) {
    if (await loadScript(`${offhookUrl}/static/offhook-rooms.min.js`)) return window.offhook
    showBanner(`Offhook does not answer at ${offhookUrl}. Trying again …`)
    await new Promise((again) => setTimeout(again, scriptRetryMs))
  }
}

function loadScript(src) {
  return new Promise((resolve) => {
    const script = document.createElement('script')
    script.src = src
    script.onload = () => resolve(true)
    script.onerror = () => {
      script.remove()
      resolve(false)
    }
    document.head.append(script)
  })
}

/** Shows the state of the link; a try that is under way keeps the line of the loss that it mends. */
export function showState({ state, error, retryInMs }) {
  setText(byId('state'), words[state] ?? 'Offline')
  if (state === 'connected') showBanner('')
  if (state === 'offline') {
    const seconds = Math.max(1, Math.round(retryInMs / 1000))
    showBanner(`Connection lost. Trying again in ${seconds} s …`, 'button')
  }
  if (state === 'refused') showBanner(`Offhook refused the connection: ${error.message}`, 'button')
}

/** Shows a line above all; `''` hides it. `retry`: `'button'` or `'none'`. */
export function showBanner(text, retry = 'none') {
  setText(byId('banner-text'), text)
  byId('banner').hidden = text === ''
  byId('retry').hidden = retry === 'none'
}
