import type { ServerResponse } from 'node:http'
import type { Inbound, LinkEnd } from '../../core/acceptor.ts'
import { refusals } from '../../core/errors.ts'
import { inOrder } from '../../core/message-list.ts'
import type { Encoded, Link, OwnMessage, Telemetry } from '../../core/ports.ts'
import { Comet } from './comet.ts'
import { CspInbox } from './inbox.ts'
import { CspOutbox } from './outbox.ts'
import { type ClientPacket, packetDataOf } from './packets.ts'
import { type CspVariables, defaultVariables, varied } from './variables.ts'

/** What all sessions of one transport share. */
export interface SessionParts {
  /** Sets or clears a session's deadlines; one timer serves all. */
  readonly times: SessionTimes
  readonly telemetry: Telemetry
  /** Of one stream, see Comet. */
  readonly maxUnacknowledgedBytes: number
  /** The key is not known any more. */
  readonly onGone: (session: CspSession) => void
}

/** Deadlines of sessions. */
export interface SessionTimes {
  now(): number
  /** The session ends if nothing is heard of it for so long. */
  expireIn(session: CspSession, ms: number): void
  neverExpire(session: CspSession): void
  /** `session.wake()` is called after so long. */
  wakeIn(session: CspSession, ms: number): void
  neverWake(session: CspSession): void
}

/** Whether packets were taken; `full`: they would have to wait and there is no room. `broken`: no UTF-8. */
export type Taken = 'taken' | 'full' | 'broken'

const pollingExpiryMs = 60_000
/** How long the browser may take to fetch the closing packet; as for a WebSocket's closing handshake. */
const closeTimeoutMs = 10_000
const internalError = 1011

/**
 * One browser's link over plain requests (spec/hookbox.md §7), as the core's Link. Packets for the browser wait in
 * the outbox until they are acknowledged; at most one comet request at a time carries them.
 */
export class CspSession implements Link {
  readonly key: string
  readonly #parts: SessionParts
  readonly #outbox = new CspOutbox()
  readonly #inbox = new CspInbox()
  #variables: CspVariables = defaultVariables
  #comet: Comet | undefined
  #inbound: Inbound | undefined
  /** Of packets of bytes; made with the first one. */
  #decoder: InstanceType<typeof TextDecoder> | undefined
  /** `closing`: the closing packet waits to be fetched. `over`: the core knows the end. */
  #stage: 'open' | 'closing' | 'over' = 'open'
  #isPaused = false
  #isViolated = false

  constructor(key: string, parts: SessionParts) {
    this.key = key
    this.#parts = parts
  }

  /** Starts to bring what comes; before that the session can already be written to. */
  open(inbound: Inbound): void {
    this.#inbound = inbound
    this.touch()
  }

  get variables(): CspVariables {
    return this.#variables
  }

  /** Remembers the variables that a request gave. Throws Refusal `invalid_field`. */
  vary(fields: ReadonlyMap<string, string>): void {
    this.#variables = varied(this.#variables, fields)
  }

  /** A request was heard: the session lives on. */
  touch(): void {
    // Whoever was told the end cannot put it off.
    if (this.#stage === 'open' && !this.#isHolding) {
      this.#parts.times.expireIn(this, this.#expiryMs)
    }
  }

  /** The browser has everything up to `id`. Throws Refusal `invalid_field` for packets that were never sent. */
  acknowledge(id: number): void {
    const before = this.#outbox.bytes
    this.#outbox.acknowledge(id)
    this.#comet?.acknowledged(before - this.#outbox.bytes)
    if (this.#outbox.isClose(id)) this.#leave('clean')
  }

  /** Answers a comet request now or when there is something to say; an older one ends. */
  hold(response: ServerResponse): void {
    this.#comet?.yield()
    const { times, maxUnacknowledgedBytes } = this.#parts
    const variables = this.#variables
    const comet = new Comet(
      { response, variables, outbox: this.#outbox, maxUnacknowledgedBytes },
      times.now(),
    )
    this.#comet = comet
    if (this.#stage === 'open') times.neverExpire(this)
    response.once('close', () => this.#answered(comet, response.writableFinished))
    comet.pump()
    if (variables.durationMs === 0) comet.end()
    this.#afterPump(comet)
  }

  /** The browser's packets, in any order. */
  receive(packets: readonly ClientPacket[]): Taken {
    if (this.#stage !== 'open') return 'taken'
    for (const packet of packets.toSorted((a, b) => a.id - b.id)) {
      if (!this.#inbox.put(packet)) return 'full'
      this.#drain()
    }
    return this.#isViolated ? 'broken' : 'taken'
  }

  /** The browser closes. */
  leave(): void {
    this.#leave('clean')
  }

  /** A held request has waited long enough, or a stream has been silent for its interval. */
  wake(): void {
    const comet = this.#comet
    if (comet === undefined) return
    if (this.#parts.times.now() - comet.startedAt >= comet.variables.durationMs) comet.end()
    else comet.beat()
    this.#afterPump(comet)
  }

  /** No request has come for too long. */
  expire(): void {
    this.#comet?.destroy()
    // Whoever was told the end has only not fetched it.
    this.#leave(this.#stage === 'open' ? 'lost' : 'unclean')
  }

  /** Ends it without ceremony: the reader is too slow, or the server stops. */
  terminate(): void {
    this.#comet?.destroy()
    this.#leave('unclean')
  }

  get pendingBytes(): number {
    return this.#comet?.pendingBytes ?? this.#outbox.bytes
  }

  /** Between two requests silence is the rule: then the session's own expiry says how long it may be. */
  get stalledTimeoutMs(): number | undefined {
    return this.#isHolding ? undefined : this.#expiryMs
  }

  write(messages: readonly Encoded[], own?: readonly OwnMessage[]): void {
    if (this.#stage !== 'open') return
    for (const message of inOrder(messages, own)) {
      for (const data of packetDataOf(message)) this.#outbox.push(data)
    }
    if (this.#comet !== undefined) this.#pump(this.#comet)
  }

  close(code: number): void {
    if (this.#stage !== 'open') return
    // A goodbye would wait behind the very packets that the reader does not take, and keep their memory.
    if (code === refusals.slow_consumer.close) this.terminate()
    else this.#close()
  }

  pause(): void {
    this.#isPaused = true
  }

  resume(): void {
    this.#isPaused = false
    this.#drain()
  }

  #close(): void {
    this.#stage = 'closing'
    this.#inbox.clear()
    this.#outbox.pushClose()
    this.#parts.times.expireIn(this, closeTimeoutMs)
    if (this.#comet !== undefined) this.#pump(this.#comet)
  }

  get #isHolding(): boolean {
    return this.#comet !== undefined && !this.#comet.isAnswered
  }

  get #expiryMs(): number {
    const { durationMs } = this.#variables
    return durationMs === 0 ? pollingExpiryMs : durationMs * 1.5
  }

  #pump(comet: Comet): void {
    if (comet.isAnswered) return
    comet.pump()
    if (comet.isAnswered) this.#afterPump(comet)
  }

  #drain(): void {
    while (!this.#isPaused && this.#stage === 'open') {
      const packet = this.#inbox.take()
      if (packet === undefined) return
      this.#deliver(packet)
    }
  }

  #deliver({ data }: ClientPacket): void {
    if (data === null) {
      this.#leave('clean')
      return
    }
    const text = this.#decode(data)
    if (text === undefined) {
      this.#isViolated = true
      this.#close()
      return
    }
    try {
      this.#inbound?.receive(text)
    } catch (error) {
      this.#parts.telemetry.failure('csp', error)
      this.close(internalError)
    }
  }

  /** Text has been checked with its JSON; a character of bytes may be cut over two packets. */
  #decode(data: string | Buffer): string | undefined {
    try {
      if (typeof data !== 'string') {
        this.#decoder ??= new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })
        return this.#decoder.decode(data, { stream: true })
      }
      this.#decoder?.decode()
      return data
    } catch {
      return undefined
    }
  }

  /** Attack: a reader that takes nothing keeps its answer from ever being over; so time counts from here. */
  #afterPump(comet: Comet): void {
    if (comet.isAnswered) {
      this.#parts.times.neverWake(this)
      this.touch()
    } else this.#wakeLater(comet)
  }

  #wakeLater(comet: Comet): void {
    const { durationMs, intervalMs, answer } = comet.variables
    const left = durationMs - (this.#parts.times.now() - comet.startedAt)
    const beats = answer === 'stream' && intervalMs > 0
    this.#parts.times.wakeIn(this, beats ? Math.min(intervalMs, left) : left)
  }

  /** A comet request is over: answered to its end, or broken off. */
  #answered(comet: Comet, isWhole: boolean): void {
    if (isWhole && comet.closes && this.#stage === 'closing') this.#tellEnd('clean')
    if (this.#comet !== comet) return
    this.#comet = undefined
    this.#parts.times.neverWake(this)
    this.touch()
  }

  /** The core is told once. The closing packet may be asked for again until the session is gone. */
  #tellEnd(how: LinkEnd): void {
    if (this.#stage === 'over') return
    this.#stage = 'over'
    this.#inbound?.end(this.#isViolated ? 'unclean' : how)
    this.#inbound = undefined
  }

  #leave(how: LinkEnd): void {
    this.#outbox.clear()
    this.#inbox.clear()
    this.#comet?.end()
    this.#comet = undefined
    this.#parts.onGone(this)
    this.#tellEnd(how)
  }
}
