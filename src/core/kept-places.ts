import type { Connection } from './connection.ts'
import type { Core } from './core.ts'
import { Deadlines } from './deadlines.ts'

/** With subscriptions per connection each place may be another one; more than this a client does not come back to. */
const maxPerUser = 20

/**
 * Ended links whose users keep their places for the resume window (G3). One place holds a user where it is, so that a
 * client that comes and goes does not pile up connections in its user's record.
 */
export class KeptPlaces<Place> {
  readonly #core: Core
  readonly #deadlines: Deadlines<Place>
  /** By user, oldest first. */
  readonly #places = new Map<string, Place[]>()
  readonly #users = new Map<Place, string>()

  constructor(core: Core, onOver: (place: Place) => void) {
    this.#core = core
    this.#deadlines = new Deadlines(core.clock, (place) => {
      this.#forget(place)
      onOver(place)
    })
  }

  /** Keeps a place; answers the one that has to go for it, if any. */
  keep(connection: Connection, place: Place): Place | undefined {
    const user = connection.user
    this.#deadlines.set(place, this.#core.settings.resumeWindowMs)
    if (user === undefined) return undefined
    const places = [...(this.#places.get(user.name) ?? []), place]
    const perConnection = user.record?.options.per_connection_subscriptions === true
    const older = places.length > (perConnection ? maxPerUser : 1) ? places.shift() : undefined
    this.#places.set(user.name, places)
    this.#users.set(place, user.name)
    if (older === undefined) return undefined
    this.#deadlines.clear(older)
    this.#users.delete(older)
    return older
  }

  close(): void {
    this.#deadlines.close()
    this.#places.clear()
  }

  #forget(place: Place): void {
    const user = this.#users.get(place)
    this.#users.delete(place)
    if (user === undefined) return
    const rest = (this.#places.get(user) ?? []).filter((item) => item !== place)
    if (rest.length === 0) this.#places.delete(user)
    else this.#places.set(user, rest)
  }
}
