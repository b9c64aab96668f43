import type { Connection } from './connection.ts'
import type { Core } from './core.ts'
import { Deadlines } from './deadlines.ts'
import { Refusal } from './errors.ts'
import { own } from './gate-keeper.ts'
import type { Verdict } from './ports.ts'

/** How long a refresh whose hook failed waits before the next try. */
const retryMs = 10_000

/** Asks the connect hook again for connections whose permission runs out (spec/hookbox.md §10, `expires_in`). */
export class Refresher {
  readonly #core: Core
  readonly #due: Deadlines<Connection>
  /** Until when a failing hook is borne with, per connection. */
  readonly #graceEnds = new Map<Connection, number>()

  constructor(core: Core) {
    this.#core = core
    this.#due = new Deadlines(core.clock, (connection) => {
      core.background('refresh connection', this.#refresh(connection))
    })
  }

  /** Sets the time of the next refresh from an accepted answer: `expires_in` seconds, or the default. */
  schedule(connection: Connection, verdict: Verdict): void {
    this.#graceEnds.delete(connection)
    const given = own(verdict.answer, 'expires_in')
    const seconds = typeof given === 'number' && given >= 0 ? given : undefined
    const ms = seconds === undefined ? this.#core.settings.connectionExpiresInMs : seconds * 1000
    if (ms > 0) this.#due.set(connection, ms)
  }

  forget(connection: Connection): void {
    this.#due.clear(connection)
    this.#graceEnds.delete(connection)
  }

  close(): void {
    this.#due.close()
  }

  async #refresh(connection: Connection): Promise<void> {
    const name = connection.user?.name
    if (connection.stage !== 'connected' || name === undefined) return
    try {
      const verdict = await this.#core.gates.ask({
        hook: 'connect',
        form: [
          ['conn_id', connection.id],
          ['payload', connection.payload],
          ['refresh', '1'],
        ],
        connection,
        user: name,
      })
      if (verdict.allowed && isSameUser(verdict, name)) this.schedule(connection, verdict)
      else connection.close(new Refusal('refused'))
    } catch (error) {
      if (!(error instanceof Refusal)) throw error
      this.#tryAgain(connection)
    }
  }

  /** The app's trouble is not the user's: the connection stays for the grace, then it is closed. */
  #tryAgain(connection: Connection): void {
    const { clock, settings } = this.#core
    if (connection.stage !== 'connected') return
    const ends = this.#graceEnds.get(connection) ?? clock.now() + settings.refreshGraceMs
    this.#graceEnds.set(connection, ends)
    if (clock.now() >= ends) connection.close(new Refusal('refused'))
    else this.#due.set(connection, Math.min(retryMs, ends - clock.now()))
  }
}

/** A guest's answer has no name; a number stands for its decimal text. */
function isSameUser(verdict: Verdict, name: string): boolean {
  const given = own(verdict.answer, 'name')
  if (given === undefined || given === null) return name.startsWith('guest-')
  return String(given) === name
}
