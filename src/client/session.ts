import { buildFrame, type FrameArgs, FrameDecoder } from './frames.ts'
import { Link, openTimeoutMs } from './link.ts'
import { clientError, errorOf, OffhookError } from './offhook-error.ts'
import type { Transport } from './transport.ts'

/** How a session ended. */
export interface SessionEnd {
  /** `lost`: try again. `refused`: the server does not want this client. */
  readonly how: 'lost' | 'refused'
  readonly error: OffhookError
  /** The server's wish how long to wait. */
  readonly afterMs?: number
}

/** What a session tells its owner. Nothing comes after `over`. */
export interface SessionEvents {
  /** CONNECTED and the snapshots have come: frames may be sent. */
  ready(): void
  frame(name: string, args: FrameArgs): void
  over(end: SessionEnd): void
}

/** What one try to connect is made of. */
export interface SessionParts {
  readonly base: string
  readonly transports: readonly Transport[]
  readonly timing: SessionTiming
  /** Asks for credentials; the arguments of CONNECT. */
  readonly connectArgs: () => Promise<FrameArgs>
}

/** How long things may take. */
export interface SessionTiming {
  /** For credentials, and again for the answer to CONNECT. */
  readonly connectTimeoutMs: number
  /** Silence after which the server is asked whether it is there. */
  readonly idleTimeoutMs: number
  /** How long its answer may take. */
  readonly pingTimeoutMs: number
}

/** Called with the OK's arguments or the ERROR. */
type Answered = (answer: FrameArgs | OffhookError) => void

/** One try to connect, and the link that comes of it: frames out, each answer to its frame, signs of life. */
export class Session {
  /** The transport whose link opened. */
  transport: Transport | undefined
  /** Whether the server has said anything. */
  isHeard = false
  readonly #parts: SessionParts
  readonly #events: SessionEvents
  readonly #decoder = new FrameDecoder()
  readonly #asked = new Map<number, Answered>()
  #link: Link | undefined
  #timer: ReturnType<typeof setTimeout> | undefined
  #stage: 'opening' | 'ready' | 'over' = 'opening'
  #isProbing = false
  #sent = 0
  /** Why the server said it ends the link. */
  #goodbye: SessionEnd | undefined

  constructor(parts: SessionParts, events: SessionEvents) {
    this.#parts = parts
    this.#events = events
    this.#expect(parts.timing.connectTimeoutMs)
    parts.connectArgs().then(
      (args) => this.#open(args),
      (error: unknown) => this.#end(authFailure(error)),
    )
  }

  /** Sends a frame with `json` as its arguments. `answered` comes at most once, never after the end. */
  ask(name: string, json: string, answered: Answered): void {
    if (this.#stage === 'over') return
    this.#sent += 1
    this.#asked.set(this.#sent, answered)
    this.#link?.send(buildFrame(this.#sent, name, json))
  }

  /** Asks the server for a sign of life; without one the session is lost. */
  probe(): void {
    if (this.#stage !== 'ready' || this.#isProbing) return
    this.#isProbing = true
    this.#expect(this.#parts.timing.pingTimeoutMs)
    this.ask('PING', '{}', nothing)
  }

  /** Says goodbye and lets the link end; `over` does not follow. */
  leave(): void {
    if (this.#stage === 'over') return
    const wasReady = this.#stage === 'ready'
    if (wasReady) this.ask('DISCONNECT', '{}', nothing)
    this.#stage = 'over'
    clearTimeout(this.#timer)
    this.#link?.close()
  }

  #open(args: FrameArgs): void {
    if (this.#stage === 'over') return
    const { base, transports, timing } = this.#parts
    this.#expect(openTimeoutMs * transports.length)
    this.#link = new Link(
      { base, transports },
      {
        opened: (transport) => {
          this.transport = transport
          this.#expect(timing.connectTimeoutMs)
          this.ask('CONNECT', JSON.stringify(args), (answer) => this.#connected(answer))
        },
        received: (text) => this.#receive(text),
        ended: () => this.#end({ how: 'lost', error: clientError('link_lost') }),
        neverOpened: () => this.#end({ how: 'lost', error: clientError('unreachable') }),
      },
    )
  }

  #receive(text: string): void {
    this.isHeard = true
    this.#isProbing = false
    if (this.#stage === 'ready') this.#watch()
    for (const frame of this.#decoder.push(text)) {
      if (this.#stage === 'over') return
      if (frame !== undefined) this.#take(frame.name, frame.args)
    }
  }

  #take(name: string, args: FrameArgs): void {
    if (name === 'OK' || name === 'ERROR') {
      const answered = this.#asked.get(Number(args['id']))
      this.#asked.delete(Number(args['id']))
      answered?.(name === 'OK' ? args : errorOf(args))
    } else if (name === 'DISCONNECT') this.#goodbye = endOf(args)
    else this.#events.frame(name, args)
  }

  #connected(answer: FrameArgs | OffhookError): void {
    if (answer instanceof OffhookError) {
      this.#end({ how: answer.retry ? 'lost' : 'refused', error: answer })
      return
    }
    this.#stage = 'ready'
    this.#watch()
    this.#events.ready()
  }

  #watch(): void {
    clearTimeout(this.#timer)
    this.#timer = setTimeout(() => this.probe(), this.#parts.timing.idleTimeoutMs)
  }

  #expect(ms: number): void {
    clearTimeout(this.#timer)
    const error = clientError('no_answer')
    this.#timer = setTimeout(() => this.#end({ how: 'lost', error }), ms)
  }

  #end(end: SessionEnd): void {
    if (this.#stage === 'over') return
    this.#stage = 'over'
    clearTimeout(this.#timer)
    this.#link?.close()
    this.#events.over(this.#goodbye ?? end)
  }
}

/** An auth function may say with an OffhookError that another try is useless. */
function authFailure(error: unknown): SessionEnd {
  if (error instanceof OffhookError && !error.retry) return { how: 'refused', error }
  return { how: 'lost', error: clientError('auth_failed', { cause: error }) }
}

function endOf(args: FrameArgs): SessionEnd {
  const error = errorOf(args)
  const afterMs = args['after_ms']
  return {
    how: error.retry ? 'lost' : 'refused',
    error,
    ...(typeof afterMs === 'number' ? { afterMs } : {}),
  }
}

function nothing(): void {
  // the answer itself is the sign of life
}
