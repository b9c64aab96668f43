import { digestOf } from '../core/digest.ts'
import { Refusal } from '../core/errors.ts'
import { Lanes } from '../core/lanes.ts'
import { whileLeased } from '../core/leases.ts'
import { admission, commitRoom, settled } from './commit-room.ts'
import { addition, findRoom, makeRoom, refuseForbidden } from './make-room.ts'
import type { RoomContext } from './room-context.ts'

/** For whom a room is looked for. */
export interface FindWish {
  readonly caller: string
  /** Besides the caller. */
  readonly members: readonly string[]
  readonly room?: string
}

interface Found {
  readonly room: string
  readonly made: boolean
}

/** Finds or makes rooms; one at a time for each set of members, on all nodes. */
export class RoomFinder {
  readonly #rooms: RoomContext
  readonly #lanes = new Lanes()

  constructor(rooms: RoomContext) {
    this.#rooms = rooms
  }

  /** A room with members is closed; the caller becomes a member in any case (spec/hipochat.md §3). Throws Refusal. */
  async find(wish: FindWish): Promise<Found> {
    const everybody = [...new Set([wish.caller, ...wish.members])]
    if (wish.room !== undefined) return this.#byName(wish.room, wish, everybody)
    const madeFor = JSON.stringify(everybody.sort())
    const name = `room-for:${digestOf(madeFor)}`
    return this.#lanes.run(name, () =>
      whileLeased(this.#rooms.core, name, () => this.#byMembers(wish, { everybody, madeFor })),
    )
  }

  async #byName(name: string, wish: FindWish, everybody: readonly string[]): Promise<Found> {
    const made = await settled(() => this.#enterOrMake(name, wish, everybody))
    return { room: name, made }
  }

  /** Undefined: somebody else was faster. */
  async #enterOrMake(
    name: string,
    wish: FindWish,
    everybody: readonly string[],
  ): Promise<boolean | undefined> {
    const { caller } = wish
    if (await this.#joins(name, caller)) return false
    refuseForbidden(this.#rooms, name)
    const closed = wish.members.length > 0
    const draft = { closed, members: everybody, createdBy: caller }
    return (await makeRoom(this.#rooms, name, draft)) ? true : undefined
  }

  async #byMembers(
    wish: FindWish,
    set: { readonly everybody: readonly string[]; readonly madeFor: string },
  ): Promise<Found> {
    const { core } = this.#rooms
    const { everybody, madeFor } = set
    const { names } = await core.stores.channels.list({ madeFor, limit: 1 })
    const [known] = names
    if (known !== undefined && (await this.#joins(known, wish.caller))) {
      return { room: known, made: false }
    }
    const room = core.random.hex(16)
    const closed = wish.members.length > 0
    const draft = { closed, members: everybody, madeFor, createdBy: wish.caller }
    if (!(await makeRoom(this.#rooms, room, draft))) throw new Refusal('channel_changed')
    return { room, made: true }
  }

  /** False where there is no such room. Throws Refusal `not_member` where it does not admit the user. */
  async #joins(name: string, user: string): Promise<boolean> {
    return settled(async () => {
      const room = await findRoom(this.#rooms, name)
      if (room === undefined) return false
      const changes = addition(this.#rooms, [user])
      await commitRoom(this.#rooms, room, { expect: admission(this.#rooms, room, user), changes })
      return true
    })
  }
}
