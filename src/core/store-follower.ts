import type { Core } from './core.ts'
import type { Head } from './entry.ts'
import { isBeyond } from './held-commits.ts'
import { inTurns } from './in-turns.ts'
import type { LocalChannel } from './local-channel.ts'
import type { LocalUser } from './local-user.ts'

/** What a node holds of the store's aggregates. */
interface Held {
  readonly channels: ReadonlyMap<string, LocalChannel>
  readonly users: ReadonlyMap<string, LocalUser>
  /** Reads the user's record and carries out what it says. */
  refreshUser(user: LocalUser): Promise<void>
  /** Carries out what the record held here says. */
  carryOut(user: LocalUser): Promise<void>
}

/**
 * Asks the store what changed, for what the bus may have lost. What this node has committed itself it knows without
 * reading: a crowd that has come by this node is not read again.
 */
export class StoreFollower {
  readonly #core: Core
  readonly #held: Held
  #channelCursor: string | undefined
  #userCursor: string | undefined

  constructor(core: Core, held: Held) {
    this.#core = core
    this.#held = held
  }

  /**
   * Reads what has changed since the last time, or everything that is held. A cursor moves only when all that it stood
   * for has been read: what failed is asked for again.
   */
  async heal(extent: 'changed' | 'all'): Promise<void> {
    const { channels, users } = this.#core.stores
    const channelChanges = await channels.changed(this.#channelCursor)
    const userChanges = await users.changed(this.#userCursor)
    const isAll = extent === 'all'
    await Promise.all([
      inTurns(this.#channelsBehind(isAll ? 'all' : channelChanges.places), (channel) =>
        channel.heal(),
      ),
      inTurns(this.#usersBehind(isAll ? 'all' : userChanges.places), (user) =>
        this.#held.refreshUser(user),
      ),
      this.#reconcileOwn(isAll ? 'all' : userChanges.places),
    ])
    this.#channelCursor = channelChanges.cursor
    this.#userCursor = userChanges.cursor
  }

  #channelsBehind(places: ReadonlyMap<string, Head> | 'all'): LocalChannel[] {
    return pick(this.#held.channels, places, ({ head }, place) => isBeyond(place, head))
  }

  #usersBehind(places: ReadonlyMap<string, number> | 'all'): LocalUser[] {
    return pick(this.#held.users, places, (user, version) => user.isBehind(version))
  }

  /** Who made a commit here carries it out here, but may have failed halfway. */
  async #reconcileOwn(places: ReadonlyMap<string, number> | 'all'): Promise<void> {
    if (places === 'all') return
    const unlike: LocalUser[] = []
    for (const [name, version] of places) {
      const user = this.#held.users.get(name)
      if (user !== undefined && !user.isBehind(version) && !user.isAsRecorded) unlike.push(user)
    }
    await inTurns(unlike, (user) => this.#held.carryOut(user))
  }
}

/** What is held here of the named ones and has been left behind; everything where all may have changed. */
function pick<Place, T>(
  held: ReadonlyMap<string, T>,
  places: ReadonlyMap<string, Place> | 'all',
  isBehind: (item: T, place: Place) => boolean,
): T[] {
  if (places === 'all') return [...held.values()]
  const found: T[] = []
  for (const [name, place] of places) {
    const item = held.get(name)
    if (item !== undefined && isBehind(item, place)) found.push(item)
  }
  return found
}
