/**
 * Keeps one Offhook connection open. hookbox.js never reconnects by itself: when to try again is the page's business, so here
 * it is. Waits twice as long after each failure, up to 15 seconds, and tries at once when the device is online again.
 */

const firstDelayMs = 500
const maxDelayMs = 15_000
const openTimeoutMs = 5000

/**
 * @param {{url: string, onOpen: (connection: object) => void, onLost: (retryInMs: number) => void,
 *   onRefused: (message: string) => void, onError: (message: string) => void}} options
 *   `onRefused`: the app said no to this user; there is no further try.
 * @returns {{tryNow: () => void}}
 */
export function keepConnected(options) {
  let current
  let attempt = 0
  let timer

  const open = () => {
    clearTimeout(timer)
    timer = undefined
    const connection = window.hookbox.connect(options.url)
    current = connection
    // A link that never opens calls no callback at all.
    const watchdog = setTimeout(() => fail(connection), openTimeoutMs)

    connection.onOpen = () => {
      clearTimeout(watchdog)
      attempt = 0
      options.onOpen(connection)
    }
    connection.onError = ({ msg }) => {
      if (connection.connected) return options.onError(msg)
      clearTimeout(watchdog)
      // An app that is down is no refusal: Offhook says so in these words.
      if (msg === 'Temporarily unavailable') return fail(connection)
      current = undefined
      connection.disconnect()
      options.onRefused(msg)
    }
    const over = () => {
      clearTimeout(watchdog)
      fail(connection)
    }
    connection.onClose = over
    connection.onConnectionLost = over
  }

  const fail = (connection) => {
    if (connection !== current) return
    current = undefined
    connection.disconnect()
    const delay = Math.min(maxDelayMs, firstDelayMs * 2 ** attempt)
    attempt += 1
    // Spread, so that a thousand pages do not come back in the same instant.
    const retryInMs = delay * (0.5 + Math.random() / 2)
    timer = setTimeout(open, retryInMs)
    options.onLost(retryInMs)
  }

  const tryNow = () => {
    if (timer !== undefined) open()
  }
  window.addEventListener('online', tryNow)
  open()
  return { tryNow }
}
