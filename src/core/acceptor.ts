import { Connection, type LinkOrigin } from './connection.ts'
import type { Core } from './core.ts'
import { Deadlines } from './deadlines.ts'
import { departuresOf } from './departures.ts'
import { Dispatcher, type DispatcherDoor } from './dispatcher.ts'
import { Refusal } from './errors.ts'
import { KeptPlaces } from './kept-places.ts'
import { detachEnded } from './operations/disconnect.ts'
import type { Link } from './ports.ts'
import type { Protocol } from './protocol.ts'
import { Refresher } from './refresher.ts'
import { RefusalBudget } from './refusal-budget.ts'
import { SlowReaders } from './slow-readers.ts'

/**
 * `clean`: the browser closed it, or answered our close. `lost`: nothing was heard of the browser any more, so what it
 * was sent last may not have come. `unclean`: anything else.
 */
export type LinkEnd = 'clean' | 'unclean' | 'lost'

/** Where a transport brings what the browser sends. */
export interface Inbound {
  /** Text in the order of the bytes; frames may be cut anywhere. */
  receive(text: string): void
  /** Once, when the link is over. */
  end(how: LinkEnd): void
}

/** Makes a connection a user's where the link itself said whose it is. Throws Refusal: the link is ended with it. */
export type Arrive = (connection: Connection) => Promise<void>

/** Few links are drained faster than the spread allows: there is no crowd to spread. */
const maxDrainStepMs = 5

/** Clients of a drained server come back within this time, each at its own moment. */
const maxReturnMs = 3000

/** What comes in of any connection. */
interface Flow {
  receive(connection: Connection, dispatcher: Dispatcher, text: string): void
  end(connection: Connection, dispatcher: Dispatcher, how: LinkEnd): void
}

/** One link that was let in. No closures: there are as many of it as connections. */
class Accepted implements Inbound {
  readonly #flow: Flow
  readonly #connection: Connection
  readonly #dispatcher: Dispatcher

  constructor(flow: Flow, connection: Connection, dispatcher: Dispatcher) {
    this.#flow = flow
    this.#connection = connection
    this.#dispatcher = dispatcher
  }

  receive(text: string): void {
    this.#flow.receive(this.#connection, this.#dispatcher, text)
  }

  end(how: LinkEnd): void {
    this.#flow.end(this.#connection, this.#dispatcher, how)
  }
}

/** Lets links in and gives each its connection; knows how long they may take to say who they are. */
export class Acceptor {
  readonly #core: Core
  readonly #unconnected: Deadlines<Connection>
  readonly #unfinished: Deadlines<Connection>
  readonly #slowReaders: SlowReaders
  /** Ended links whose users keep their places for the resume window, with how each is let go. */
  readonly #keptPlaces: KeptPlaces<Dispatcher>
  readonly #refresher: Refresher
  readonly #door: DispatcherDoor
  readonly #flow: Flow
  readonly #ends = new Set<Promise<void>>()
  #draining = false

  constructor(core: Core) {
    this.#core = core
    const { clock, settings, telemetry } = core
    const end = (connection: Connection, refusal: Refusal, limit: string) => {
      telemetry.limit(limit)
      connection.close(refusal)
    }
    this.#unconnected = new Deadlines(clock, (connection) =>
      end(connection, new Refusal('connect_timeout'), 'connect-timeout'),
    )
    this.#unfinished = new Deadlines(clock, (connection) =>
      end(connection, new Refusal('frame_timeout'), 'frame-timeout'),
    )
    this.#slowReaders = new SlowReaders(clock, settings, (connection, limit) =>
      end(connection, new Refusal('slow_consumer'), limit),
    )
    this.#keptPlaces = new KeptPlaces(core, (dispatcher) => this.#leave(dispatcher))
    this.#refresher = new Refresher(core)
    this.#door = {
      refusals: new RefusalBudget(clock, settings),
      connected: (connection, verdict) => {
        this.#unconnected.clear(connection)
        if (verdict !== undefined) this.#refresher.schedule(connection, verdict)
      },
    }
    this.#flow = {
      receive: (connection, dispatcher, text) => this.#receive(connection, dispatcher, text),
      end: (connection, dispatcher, how) => this.#end(connection, dispatcher, how),
    }
  }

  /** Why no link is taken now, if so. */
  admits(): Refusal | undefined {
    return this.#draining ? new Refusal('draining') : undefined
  }

  /** Takes a link; with `arrive` it needs no CONNECT. */
  accept(link: Link, protocol: Protocol, from: LinkOrigin & { arrive?: Arrive }): Inbound {
    const { arrive, ...origin } = from
    const { core } = this
    const connection = new Connection({
      id: core.random.hex(16),
      link,
      protocol,
      session: protocol.open(core.settings),
      origin,
      pressure: this.#slowReaders,
    })
    core.hub.connections.set(connection.id, connection)
    this.#unconnected.set(connection, core.settings.connectTimeoutMs)
    const dispatcher = new Dispatcher(core, connection, this.#door)
    if (arrive !== undefined) dispatcher.arrive(arrive)
    return new Accepted(this.#flow, connection, dispatcher)
  }

  /** No new links; those there are told to come back, spread over `spreadMs`. Nobody leaves anything (G10). */
  async drain(spreadMs: number): Promise<void> {
    this.#draining = true
    const { connections } = this.core.hub
    const step = Math.min(maxDrainStepMs, spreadMs / Math.max(1, connections.size))
    let waitMs = 0
    for (const connection of connections.values()) {
      this.core.clock.after(waitMs, () =>
        connection.close(new Refusal('draining'), this.core.random.float() * maxReturnMs),
      )
      waitMs += step
    }
    await new Promise<void>((resolve) => {
      this.core.clock.after(waitMs, resolve)
    })
  }

  /** Resolves when the ends that are under way have been carried out. */
  async settled(): Promise<void> {
    while (this.#ends.size > 0) await Promise.allSettled(this.#ends)
  }

  close(): void {
    this.#unconnected.close()
    this.#unfinished.close()
    this.#slowReaders.close()
    this.#keptPlaces.close()
    this.#refresher.close()
  }

  get core(): Core {
    return this.#core
  }

  #receive(connection: Connection, dispatcher: Dispatcher, text: string): void {
    if (connection.stage === 'closed') return
    const { session } = connection
    dispatcher.take(session.receive(text))
    if (!session.pending) this.#unfinished.clear(connection)
    else if (session.endedFrame || !this.#unfinished.has(connection)) {
      this.#unfinished.set(connection, this.#core.settings.frameTimeoutMs)
    }
  }

  #end(connection: Connection, dispatcher: Dispatcher, how: LinkEnd): void {
    if (connection.stage === 'closed') return
    const connected = connection.stage !== 'open'
    connection.stage = 'closed'
    this.#core.hub.connections.delete(connection.id)
    this.#unconnected.clear(connection)
    this.#unfinished.clear(connection)
    this.#slowReaders.forget(connection)
    this.#refresher.forget(connection)
    if (!connected) return
    const { resumeWindowMs } = this.#core.settings
    const keeps = connection.session.resumes && !connection.isLeaving && resumeWindowMs > 0
    // Whoever does not come back within the window was lost.
    const isLost = (keeps && !this.#draining) || how === 'lost' || connection.isSlow
    connection.departures = departuresOf(connection, isLost ? 'lost' : 'left')
    // Nobody leaves in a drain (G10), but how far each was told is known only now.
    if (this.#draining) return
    if (keeps) this.#keepPlace(connection, dispatcher)
    else this.#leave(dispatcher)
  }

  /** The user stays where it is until the window is over: nobody is told, no hook is asked (G3). */
  #keepPlace(connection: Connection, dispatcher: Dispatcher): void {
    detachEnded(connection)
    const older = this.#keptPlaces.keep(connection, dispatcher)
    if (older !== undefined) this.#leave(older)
  }

  #leave(dispatcher: Dispatcher): void {
    const ending = dispatcher.finish().finally(() => this.#ends.delete(ending))
    this.#ends.add(ending)
    this.#core.background('end of connection', ending)
  }
}
