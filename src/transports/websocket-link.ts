import type { Socket } from 'node:net'
import { WebSocket } from 'ws'
import type { Inbound, LinkEnd } from '../core/acceptor.ts'
import { refusals } from '../core/errors.ts'
import { inOrder } from '../core/message-list.ts'
import type { Clock, Encoded, Link, OwnMessage, Telemetry } from '../core/ports.ts'
import type { FrameJoiner } from './frame-joiner.ts'
import type { Pingable } from './ping-wheel.ts'

/** What links of one transport share; those that agreed on compression have another joiner. */
export interface LinkParts {
  readonly joiner: FrameJoiner
  readonly clock: Clock
  readonly telemetry: Telemetry
  /** How long the rest of a message may take. */
  readonly frameTimeoutMs: number
  /** Called once for each, when it is over. */
  readonly ended: (link: WebSocketLink) => void
}

const maxReasonBytes = 123
/** Bytes of a client's control frame besides its payload: two of head, four of mask. */
const controlHeadBytes = 6
const invalidUtf8 = 1007
const internalError = 1011

/**
 * The WebSockets of a server whose links these are. What ws emits goes straight to the link: five listeners take as much
 * memory as the link itself, and none of them is anybody else's.
 */
export class LinkedSocket extends WebSocket {
  link: WebSocketLink | undefined

  override emit(event: string | symbol, first?: unknown, second?: unknown): boolean {
    const { link } = this
    if (link === undefined) return false
    if (event === 'message') link.received(first as Buffer, second === true)
    else if (event === 'ping' || event === 'pong') link.receivedControl(first as Buffer)
    else if (event === 'error') link.failed(first as Error)
    else if (event === 'close') link.over(first as number)
    else return false
    return true
  }
}

/**
 * One WebSocket as the core's Link. Messages go to the socket as whole frames, many in one write; ws itself only
 * writes whole control frames there, so nothing can come to stand inside a frame.
 */
export class WebSocketLink implements Link, Pingable {
  slot = 0
  pingedAt = 0
  heardAt: number
  readonly #ws: LinkedSocket
  readonly #socket: Socket
  readonly #parts: LinkParts
  #inbound: Inbound | undefined
  /** Of binary messages; made with the first one. */
  #decoder: InstanceType<typeof TextDecoder> | undefined
  /** How we ended it, if we did. */
  #ending: 'no' | 'asked' | 'violation' = 'no'
  /** No answer to a ping came in time. */
  #isLost = false
  #pendingAtPing = 0
  #bytesDone: number
  #partialSince: number | undefined

  constructor(ws: LinkedSocket, socket: Socket, parts: LinkParts) {
    this.#ws = ws
    this.#socket = socket
    this.#parts = parts
    this.heardAt = parts.clock.now()
    this.#bytesDone = socket.bytesRead
    ws.link = this
  }

  /** Starts to bring what comes; before that the link can already be written to. */
  open(inbound: Inbound): void {
    this.#inbound = inbound
  }

  get pendingBytes(): number {
    return this.#socket.writableLength
  }

  write(messages: readonly Encoded[], own?: readonly OwnMessage[]): void {
    if (this.#ws.readyState !== this.#ws.OPEN) return
    const { joiner } = this.#parts
    const joined = joiner.join(messages, own)
    if (joined === undefined) this.#writeEach(inOrder(messages, own))
    else if (joined.length === 0) return
    else if (this.pendingBytes > 0) this.#socket.write(joiner.copied())
    else {
      this.#socket.write(joined)
      if (this.pendingBytes > 0) joiner.keep()
    }
  }

  close(code: number, reason: string): void {
    if (code !== refusals.slow_consumer.close) {
      this.#end('asked', code, reason)
      return
    }
    // A goodbye would wait behind the very bytes that the reader does not take, and keep their memory.
    this.#ending = 'violation'
    this.#ws.terminate()
  }

  pause(): void {
    this.#ws.pause()
  }

  resume(): void {
    this.#ws.resume()
  }

  ping(): void {
    if (this.#ws.readyState !== this.#ws.OPEN) return
    this.#pendingAtPing = this.pendingBytes
    this.#ws.ping()
  }

  probe(): void {
    if (this.#ws.readyState === this.#ws.OPEN) this.#ws.ping()
  }

  get isExcused(): boolean {
    if (this.#ws.isPaused) return true
    const pending = this.pendingBytes
    const isMoving = pending > 0 && pending !== this.#pendingAtPing
    this.#pendingAtPing = pending
    return isMoving
  }

  lost(): void {
    if (this.#ending === 'no') this.#parts.telemetry.limit('ping-timeout')
    this.#isLost = true
    this.#ws.terminate()
  }

  /** Attack: ws keeps an unfinished message; begun ones that never end would pile up. */
  inspect(): void {
    if (this.#ending !== 'no') return
    if (this.#socket.bytesRead <= this.#bytesDone || this.#ws.isPaused) {
      this.#partialSince = undefined
      return
    }
    const now = this.#parts.clock.now()
    this.#partialSince ??= now
    if (now - this.#partialSince < this.#parts.frameTimeoutMs) return
    this.#parts.telemetry.limit('frame-timeout')
    this.#end('violation', refusals.frame_timeout.close, refusals.frame_timeout.text)
  }

  /** Ends it without ceremony. */
  terminate(): void {
    this.#ws.terminate()
  }

  /** ws found the browser breaking the protocol, and closes the link by itself. */
  failed(error: Error): void {
    if ('code' in error && error.code === 'WS_ERR_UNSUPPORTED_MESSAGE_LENGTH')
      this.#parts.telemetry.limit('max-frame-bytes')
    this.#ending = 'violation'
  }

  /** The link is over. `code` 1006: without a closing handshake. */
  over(code: number): void {
    this.#parts.ended(this)
    this.#inbound?.end(this.#isLost ? 'lost' : this.#endOf(code))
    this.#inbound = undefined
  }

  #endOf(code: number): LinkEnd {
    return code !== 1006 && this.#ending !== 'violation' ? 'clean' : 'unclean'
  }

  #writeEach(encoded: readonly Encoded[]): void {
    this.#socket.cork()
    for (const message of encoded) this.#socket.write(this.#parts.joiner.frame(message))
    this.#socket.uncork()
  }

  /** A message of the browser's; called by the socket. */
  received(data: Buffer, isBinary: boolean): void {
    this.pingedAt = 0
    this.heardAt = this.#parts.clock.now()
    this.#bytesDone = this.#socket.bytesRead
    this.#partialSince = undefined
    if (this.#ending !== 'no') return
    const text = this.#decode(data, isBinary)
    if (text === undefined) {
      this.#end('violation', invalidUtf8, 'Invalid UTF-8')
      return
    }
    try {
      this.#inbound?.receive(text)
    } catch (error) {
      this.#parts.telemetry.failure('websocket', error)
      this.#end('asked', internalError, refusals.internal.text)
    }
  }

  /** A ping or a pong; called by the socket. */
  receivedControl(data: Buffer): void {
    this.pingedAt = 0
    this.heardAt = this.#parts.clock.now()
    const done = this.#bytesDone + controlHeadBytes + data.length
    this.#bytesDone = Math.min(done, this.#socket.bytesRead)
  }

  /** Text messages have been checked by ws; a character of binary ones may be cut over two of them. */
  #decode(data: Buffer, isBinary: boolean): string | undefined {
    try {
      if (isBinary) {
        this.#decoder ??= new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })
        return this.#decoder.decode(data, { stream: true })
      }
      this.#decoder?.decode()
      return data.toString('utf8')
    } catch {
      return undefined
    }
  }

  #end(ending: 'asked' | 'violation', code: number, reason: string): void {
    if (this.#ending !== 'no') return
    this.#ending = ending
    this.#ws.close(code, cutReason(reason))
    // The browser's answer to the close must be read.
    this.#ws.resume()
  }
}

function cutReason(reason: string): string {
  let cut = reason.slice(0, maxReasonBytes)
  while (Buffer.byteLength(cut) > maxReasonBytes) cut = cut.slice(0, -1)
  return cut.toWellFormed()
}
