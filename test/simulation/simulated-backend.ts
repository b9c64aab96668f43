import { Failure, Refusal } from '../../src/core/errors.ts'
import type { Published } from '../../src/core/published.ts'
import type { Rooms } from '../../src/rooms/rooms.ts'
import type { ClientParts } from './client-parts.ts'
import type { Dice } from './dice.ts'
import { writeMessage } from './payload.ts'
import type { ChannelPlan } from './plan.ts'
import { profileOf } from './simulated-node.ts'

/** Whoever gets no answer to a request for so long asks again. */
const timeoutMs = 20_000

/** What is asked of rooms over HTTP: by the app, and by users without a link. */
export class SimulatedBackend {
  readonly #parts: ClientParts
  readonly #dice: Dice
  readonly #rooms: readonly ChannelPlan[]
  readonly #users: readonly string[]
  /** Removals that are not known to be carried out: nobody is added again before. */
  readonly #removing = new Set<string>()
  readonly #found = new Map<string, string>()
  #said = 0
  #isActive = true

  constructor(parts: ClientParts) {
    this.#parts = parts
    this.#dice = parts.dice.fork('backend')
    this.#rooms = parts.plan.channels.filter(({ room }) => room !== undefined)
    this.#users = parts.plan.users.map(({ name }) => name)
    if (parts.plan.roomPauseMs === 0) return
    for (const { name, room } of this.#rooms) {
      if (this.#dice.chance(0.7)) this.#create(name, room?.closed === true)
      if (room !== undefined && room.crowd > 0) this.#addCrowd(name, room.crowd)
    }
    this.#plan()
  }

  rest(): void {
    this.#isActive = false
  }

  #plan(): void {
    const pause = -Math.log(1 - this.#dice.float()) * this.#parts.plan.roomPauseMs
    this.#parts.timeline.after(pause, () => {
      if (!this.#isActive) return
      this.#act()
      this.#plan()
    })
  }

  #act(): void {
    const { name, room } = this.#dice.pick(this.#rooms)
    const user = this.#dice.pick(this.#users)
    const thrown = this.#dice.float()
    if (thrown < 0.3) this.#inject(name, undefined)
    else if (thrown < 0.4) this.#inject(name, user)
    else if (thrown < 0.6) this.#add(name, user)
    else if (thrown < 0.66) this.#remove(name, user)
    else if (thrown < 0.7) this.#create(name, room?.closed === true)
    else if (thrown < 0.8) this.#ask(name, user)
    else if (thrown < 0.9) this.#old(name, user)
    else if (thrown < 0.95) this.#find(user)
    else if (thrown < 0.97) this.#findNamed(name, user)
  }

  #create(room: string, closed: boolean): void {
    const members = this.#users.filter((user) => this.#dice.chance(0.6) && this.#mayAdd(room, user))
    this.#do(`makes ${room} of ${members}`, (rooms) =>
      rooms.create({ room, members, closed, options: {} }),
    )
  }

  #addCrowd(room: string, size: number): void {
    const users = Array.from({ length: size }, (_, index) => `m${index}`)
    for (const user of users) this.#parts.ledger.rooms.noteWanted(room, user)
    this.#do(`adds ${size} to ${room}`, (rooms) => rooms.add(room, { users, by: { kind: 'app' } }))
  }

  #mayAdd(room: string, user: string): boolean {
    return !this.#removing.has(`${room} ${user}`)
  }

  #add(room: string, user: string): void {
    if (!this.#mayAdd(room, user)) return
    this.#parts.ledger.rooms.noteWanted(room, user)
    this.#do(`adds ${user} to ${room}`, (rooms) =>
      rooms.add(room, { users: [user], by: { kind: 'app' } }),
    )
  }

  /** Until it is known to be done. */
  #remove(room: string, user: string): void {
    const key = `${room} ${user}`
    this.#removing.add(key)
    let isDone = false
    const again = () => {
      if (!isDone) this.#remove(room, user)
    }
    const isAsked = this.#do(`removes ${user} from ${room}`, async (rooms) => {
      await rooms.remove(room, { users: [user] })
      isDone = true
      this.#removing.delete(key)
    })
    this.#parts.timeline.after(isAsked ? timeoutMs : 1000, again)
  }

  #inject(room: string, user: string | undefined): void {
    this.#said += 1
    const said = {
      author: user === undefined ? 'system' : 'item',
      number: this.#said,
      repeats: true,
    }
    const content = writeMessage(said)
    const author = user === undefined ? undefined : profileOf(user)
    this.#do(`injects ${content} into ${room} as ${user}`, async (rooms) => {
      const since = this.#parts.timeline.now
      const published = await rooms.inject(room, { author, type: 'message', content })
      this.#noteInjected(room, content, published)
      if (user !== undefined) this.#checkAdmitted(room, { user, since, what: 'inject' })
    })
  }

  #noteInjected(room: string, content: string, published: Published): void {
    const args = { channel_name: room, payload: JSON.parse(content) as unknown }
    this.#parts.receipts.note('the backend', { args, result: { ...published } })
  }

  #ask(room: string, user: string): void {
    this.#do(`asks how many ${user} has unread in ${room}`, async (rooms) => {
      const since = this.#parts.timeline.now
      const unread = await rooms.unread(room, { user })
      this.#checkAdmitted(room, { user, since, what: 'count' })
      if (unread < 0) this.#parts.judge.violated('rooms', `${user} has ${unread} unread in ${room}`)
    })
  }

  #old(room: string, user: string): void {
    this.#do(`asks for what is old in ${room} for ${user}`, async (rooms) => {
      const since = this.#parts.timeline.now
      const { read, unread } = await rooms.old(room, user)
      const offsets = [...read, ...unread].map(({ offset }) => offset)
      this.#checkAdmitted(room, { user, since, what: 'read' })
      if (offsets.every((offset, index) => index === 0 || offset === (offsets[index - 1] ?? 0) + 1))
        return
      this.#parts.judge.violated('rooms', `${user} is shown ${offsets} as old in ${room}`)
    })
  }

  #checkAdmitted(room: string, at: { user: string; since: number; what: string }): void {
    this.#parts.ledger.rooms.checkAdmitted(room, at)
  }

  /** The same people have the same room. */
  #find(caller: string): void {
    const members = this.#users.filter(() => this.#dice.chance(0.5))
    const key = [...new Set([caller, ...members])].sort().join(' ')
    this.#do(`finds a room of ${key}`, async (rooms) => {
      const { room } = await rooms.find({ caller, members })
      const known = this.#found.get(key)
      if (known !== undefined && known !== room) {
        this.#parts.judge.violated('rooms', `${key} have the rooms ${known} and ${room}`)
      }
      this.#found.set(key, room)
    })
  }

  #findNamed(room: string, caller: string): void {
    this.#do(`finds ${room} for ${caller}`, async (rooms) => {
      const since = this.#parts.timeline.now
      await rooms.find({ caller, members: [], room })
      this.#checkAdmitted(room, { user: caller, since, what: 'find it' })
    })
  }

  #do(what: string, act: (rooms: Rooms) => Promise<unknown>): boolean {
    const { judge, nodes } = this.#parts
    const node = this.#dice.pick(nodes)
    const { rooms } = node
    if (rooms === undefined) return false
    judge.note(() => `backend ${what} on ${node.nodeId}`)
    act(rooms).then(
      () => judge.note(() => `backend: done: ${what}`),
      (error: unknown) => {
        judge.note(() => `backend: refused: ${what}: ${String(error)}`)
        if (error instanceof Refusal || error instanceof Failure) return
        judge.violated('bug', `${what}: ${error instanceof Error ? error.stack : String(error)}`)
      },
    )
    return true
  }
}
