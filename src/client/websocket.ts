import type { LinkEnd, LinkEvents, Transport, TransportLink } from './transport.ts'

const normalClosure = 1000

/** The transport at `BASE/ws` (spec/hookbox.md §2 "Ways in"). */
export const websocket: Transport = { name: 'websocket', open: openWebSocket }

function openWebSocket(base: string, events: LinkEvents): TransportLink | undefined {
  if (typeof WebSocket === 'undefined') return undefined
  const socket = createSocket(`${base.replace(/^http/i, 'ws')}/ws`)
  if (socket === undefined) return undefined
  let state: 'opening' | 'open' | 'closing' | 'over' = 'opening'

  socket.onopen = () => {
    if (state !== 'opening') return
    state = 'open'
    events.opened()
  }
  socket.onmessage = (event: MessageEvent<unknown>) => {
    if (state === 'open' && typeof event.data === 'string') events.received(event.data)
  }
  socket.onclose = (event) => {
    const before = state
    state = 'over'
    if (before === 'opening') events.failed()
    if (before === 'open') events.ended(endOf(event))
    if (before === 'closing') events.ended('closed')
  }

  return {
    send: (text) => socket.send(text),
    close: () => {
      if (state === 'opening') state = 'over'
      if (state === 'open') state = 'closing'
      socket.close(normalClosure)
    },
  }
}

/** Undefined where the browser forbids the address (plain `ws` from an `https` page). */
function createSocket(url: string): WebSocket | undefined {
  try {
    return new WebSocket(url)
  } catch {
    return undefined
  }
}

/** Browsers do not say why a link broke; only that the device itself is offline is known. */
function endOf(event: CloseEvent): LinkEnd {
  if (event.wasClean) return 'closed'
  return globalThis.navigator?.onLine === false ? 'ServerUnreachable' : 'ConnectionTimeout'
}
