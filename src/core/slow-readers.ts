import type { Connection, Pressure } from './connection.ts'
import type { Clock } from './ports.ts'
import type { CoreSettings } from './settings.ts'

const checkMs = 1000

/** What a link had not taken when it was last looked at. */
interface Backlog {
  pendingBytes: number
  since: number
}

/**
 * Ends links that do not take what they are sent: too many bytes waiting beyond the snapshots, or none taken for
 * too long (G6, spec/safety.md §4). One timer for all, only while somebody is behind.
 */
export class SlowReaders implements Pressure {
  readonly #clock: Clock
  readonly #settings: CoreSettings
  readonly #onLimit: (connection: Connection, limit: string) => void
  readonly #behind = new Map<Connection, Backlog>()
  #cancelCheck: (() => void) | undefined

  constructor(
    clock: Clock,
    settings: CoreSettings,
    onLimit: (connection: Connection, limit: string) => void,
  ) {
    this.#clock = clock
    this.#settings = settings
    this.#onLimit = onLimit
  }

  wrote(connection: Connection, before: number): void {
    const { pendingBytes } = connection.link
    const backlog = this.#behind.get(connection)
    if (pendingBytes > this.#settings.maxWaitingBytes + connection.allowedBytes) {
      this.forget(connection)
      this.#onLimit(connection, 'max-waiting-bytes')
    } else if (backlog === undefined) {
      this.#behind.set(connection, { pendingBytes, since: this.#clock.now() })
      this.#cancelCheck ??= this.#clock.after(checkMs, () => this.#check())
    } else {
      // What waits may grow for as long as it likes: only between two writes does less of it mean that some was taken.
      if (before < backlog.pendingBytes) backlog.since = this.#clock.now()
      backlog.pendingBytes = pendingBytes
    }
  }

  forget(connection: Connection): void {
    this.#behind.delete(connection)
  }

  close(): void {
    this.#cancelCheck?.()
    this.#behind.clear()
  }

  #check(): void {
    this.#cancelCheck = undefined
    const now = this.#clock.now()
    for (const [connection, backlog] of this.#behind) {
      const { pendingBytes } = connection.link
      if (pendingBytes === 0) {
        connection.allowedBytes = 0
        this.#behind.delete(connection)
      } else if (pendingBytes < backlog.pendingBytes) {
        backlog.pendingBytes = pendingBytes
        backlog.since = now
      } else if (now - backlog.since > patienceOf(connection, this.#settings)) {
        this.#behind.delete(connection)
        this.#onLimit(connection, 'stalled-timeout')
      }
    }
    if (this.#behind.size > 0) this.#cancelCheck = this.#clock.after(checkMs, () => this.#check())
  }
}

function patienceOf(connection: Connection, settings: CoreSettings): number {
  return Math.max(settings.stalledTimeoutMs, connection.link.stalledTimeoutMs ?? 0)
}
