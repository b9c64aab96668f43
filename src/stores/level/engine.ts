import { Failure } from '../../core/errors.ts'
import type { Database, Write } from './database.ts'

/** What a batch waits for others at most, beyond the turn it began in. */
const maxTurns = 8
const maxGatherMs = 5

/** Writes that become durable together, or fail together. */
export class Group {
  readonly writes: Write[] = []
  /** Resolves when the writes are on disk; rejects with a Failure where that is not certain. */
  readonly done: Promise<void>
  settled = false
  private readonly resolve: () => void
  private readonly reject: (error: Failure) => void

  constructor() {
    const { promise, resolve, reject } = Promise.withResolvers<void>()
    this.done = promise
    this.resolve = resolve
    this.reject = reject
    // Whoever waits for the group sees its failure; a group without waiters must not end the process.
    this.done.catch(() => undefined)
  }

  put(key: string, value: string): void {
    this.writes.push({ type: 'put', key, value })
  }

  del(key: string): void {
    this.writes.push({ type: 'del', key })
  }

  succeed(): void {
    this.settle()
    this.resolve()
  }

  fail(error: Failure): void {
    this.settle()
    this.reject(error)
  }

  /** What was written is of no more use; whoever holds on to the group must not hold that as well. */
  private settle(): void {
    this.settled = true
    this.writes.length = 0
  }
}

/** A part of the store that keeps something in memory of what is on disk. */
export interface EnginePart {
  /** Forgets all of it: what was evaluated on top of a failed write never happened. */
  forget(): void
  /** Reads what must be known before the first commit. */
  reload(): Promise<void>
}

/**
 * Group commit: everything that wants to be written while one batch is under way goes into the next. After a
 * failed batch nobody knows what of it is on disk, and LevelDB may write behind a torn record; so the engine
 * fails everything that waits, forgets what is in memory, and opens the database anew before it goes on.
 */
export class Engine {
  readonly database: Database
  /** Grows with each failure: what was read under an older one must not be used any more. */
  generation = 0
  private state: 'open' | 'broken' | 'closing' | 'closed' = 'broken'
  private active = 0
  private quiet: (() => void) | undefined
  private next: Group | undefined
  private running: Promise<void> | undefined
  private recovering: Promise<void> | undefined
  private readonly parts: EnginePart[] = []

  constructor(database: Database) {
    this.database = database
  }

  /** Adds a part and starts it, after those added before. */
  async add(part: EnginePart): Promise<void> {
    this.parts.push(part)
    await part.reload()
  }

  /** Lets writes in; called once, when all parts are there. */
  start(): void {
    this.state = 'open'
  }

  get isOpen(): boolean {
    return this.state === 'open'
  }

  /** The group that the next write belongs to. Throws a Failure where the store cannot write. */
  writing(): Group {
    if (this.state === 'broken' || this.state === 'closed')
      throw new Failure('store', `the store is ${this.state}`)
    this.next ??= new Group()
    this.running ??= this.run()
    return this.next
  }

  /**
   * Runs `act` on an open database, which it tries to bring back where a write has failed. A close waits for it.
   * Rejects with a Failure after a close, or where the database does not come back.
   */
  async use<T>(act: () => Promise<T>): Promise<T> {
    if (this.state !== 'open') await this.recover()
    this.active += 1
    try {
      return await act()
    } finally {
      this.active -= 1
      if (this.active === 0) this.quiet?.()
    }
  }

  /** Waits for what is under way, then closes the database. Later calls of any kind reject. */
  async close(): Promise<void> {
    if (this.state === 'closing' || this.state === 'closed') return
    await this.recovering?.catch(() => undefined)
    this.state = 'closing'
    if (this.active > 0)
      await new Promise<void>((resolve) => {
        this.quiet = resolve
      })
    await this.running
    this.state = 'closed'
    await this.database.close()
  }

  private async recover(): Promise<void> {
    if (this.state !== 'broken') throw new Failure('store', 'the store is closed')
    this.recovering ??= this.reopen().finally(() => {
      this.recovering = undefined
    })
    await this.recovering
  }

  private async run(): Promise<void> {
    while (this.next !== undefined) {
      const group = await this.gather(this.next)
      this.next = undefined
      try {
        if (group.writes.length > 0) await this.database.write(group.writes)
        group.succeed()
      } catch (error) {
        this.fail(group, error)
      }
    }
    this.running = undefined
  }

  /**
   * Lets the group grow while each turn of the event loop brings it something: those who were answered just now are about
   * to write again. A single writer waits for one turn.
   */
  private async gather(group: Group): Promise<Group> {
    const until = performance.now() + maxGatherMs
    let before = -1
    for (let turns = 0; turns < maxTurns && group.writes.length > before; turns += 1) {
      before = group.writes.length
      await endOfTurn()
      if (performance.now() > until) break
    }
    return group
  }

  private fail(group: Group, error: unknown): void {
    const failure =
      error instanceof Failure ? error : new Failure('store', 'a write failed', { cause: error })
    if (this.state === 'open') this.state = 'broken'
    this.generation += 1
    const above = this.next
    this.next = undefined
    for (const part of this.parts) part.forget()
    group.fail(failure)
    above?.fail(failure)
  }

  private async reopen(): Promise<void> {
    await this.running
    await this.database.close()
    await this.database.open()
    for (const part of this.parts) part.forget()
    for (const part of this.parts) await part.reload()
    if (this.state === 'broken') this.state = 'open'
  }
}

function endOfTurn(): Promise<void> {
  return new Promise((resolve) => {
    setImmediate(resolve)
  })
}
