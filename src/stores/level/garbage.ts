import type { Engine, EnginePart, Group } from './engine.ts'
import { keys, logKeys, under } from './keys.ts'

/** Deletes the logs of channels that are gone, behind everybody's back: a destroy must not wait for it. */
export class Garbage implements EnginePart {
  private readonly engine: Engine
  private readonly onProblem: (problem: string) => void
  private logs: string[] = []
  private running: Promise<void> | undefined

  constructor(engine: Engine, onProblem: (problem: string) => void) {
    this.engine = engine
    this.onProblem = onProblem
  }

  /** Deletes a log once the destroy in `group` is on disk. */
  collect(log: string, group: Group): void {
    group.done.then(
      () => {
        this.logs.push(log)
        this.start()
      },
      // The log is still in use, or will be found again when the store has been opened anew.
      () => undefined,
    )
  }

  /** Begins with what is waiting. */
  start(): void {
    if (!this.engine.isOpen || this.logs.length === 0) return
    this.running ??= this.run().finally(() => {
      this.running = undefined
    })
  }

  /** Resolves when the log at hand is deleted; the rest is for the next start. */
  async stop(): Promise<void> {
    this.logs = []
    await this.running
  }

  forget(): void {
    this.logs = []
  }

  async reload(): Promise<void> {
    const rows = await this.engine.database.read({ ...under('g!'), limit: 10_000 })
    this.logs = rows.map(([key]) => key.slice(2))
  }

  private async run(): Promise<void> {
    try {
      for (let log = this.logs.shift(); log !== undefined; log = this.logs.shift())
        await this.remove(log)
    } catch (error) {
      if (this.engine.isOpen) this.onProblem(`destroyed channels stay on disk for now: ${error}`)
    }
  }

  private async remove(log: string): Promise<void> {
    const { database } = this.engine
    await database.clear(under(logKeys.all(log)))
    await database.clear(under(logKeys.claims(log)))
    const group = this.engine.writing()
    group.del(keys.garbage(log))
    await group.done
  }
}
