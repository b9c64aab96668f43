import type { Entry } from '../../src/core/entry.ts'
import type {
  ChannelCommit,
  ChannelCommitResult,
  ChannelCommitted,
  Notice,
  Stores,
  UserCommit,
  UserCommitResult,
} from '../../src/core/ports.ts'
import type { Judge } from './judge.ts'
import { readPayload } from './payload.ts'
import { RoomLedger } from './room-ledger.ts'
import type { Timeline } from './timeline.ts'

/** One life of a channel, from its creation to its end: every entry that was ever durable. */
export interface ChannelLife {
  readonly channel: string
  readonly epoch: string
  /** Entry of offset 1 first; nothing is ever taken out. */
  readonly entries: Entry[]
  /** Who is in, with how often they came. */
  readonly comings: Map<string, number>
  destroyed: boolean
}

/** Where a payload stands. */
export interface Place {
  readonly life: ChannelLife
  readonly offset: number
}

/** The last Hookbox connection of a user has gone, and a notice of it was written in the same commit. */
export interface Parting {
  readonly user: string
  readonly notice: Notice
}

const rememberedIds = 1000

/**
 * What was durable, when and in which order: written down as the store applies commits, so that what clients are
 * told can be held against it at once.
 */
export class Ledger {
  readonly lives = new Map<string, ChannelLife[]>()
  readonly partings: Parting[] = []
  readonly rooms: RoomLedger
  readonly #places = new Map<string, Place[]>()
  readonly #judge: Judge
  readonly #ids = new Set<string>()
  readonly #sent = new Map<string, number>()
  /** How many Hookbox connections each user has. */
  readonly #pages = new Map<string, number>()

  constructor(judge: Judge, timeline: Timeline) {
    this.#judge = judge
    this.rooms = new RoomLedger(judge, timeline)
  }

  /** The same stores, whose every commit is written down. */
  keep(stores: Stores): Stores {
    const { channels, users, outbox } = stores
    return {
      ...stores,
      outbox: withMember(outbox, 'replace', async (ids, notices) => {
        await outbox.replace(ids, notices)
        this.rooms.pushes.noteReplaced(ids[0])
      }),
      channels: withMember(channels, 'commit', async (channel, commit) => {
        const result = await channels.commit(channel, commit)
        this.#noteChannel(channel, commit, result)
        return result
      }),
      users: withMember(users, 'commit', async (user, commit) => {
        const result = await users.commit(user, commit)
        this.#noteUser(user, commit, result)
        return result
      }),
    }
  }

  /** The present life of a channel. */
  living(channel: string): ChannelLife | undefined {
    const last = this.lives.get(channel)?.at(-1)
    return last === undefined || last.destroyed ? undefined : last
  }

  life(channel: string, epoch: string): ChannelLife | undefined {
    return this.lives.get(channel)?.find((life) => life.epoch === epoch)
  }

  /** Where the payload is in the channel, in all its lives. */
  places(channel: string, payload: string): readonly Place[] {
    return this.#places.get(`${channel} ${payload}`) ?? []
  }

  #noteChannel(channel: string, commit: ChannelCommit, result: ChannelCommitResult): void {
    this.#judge.note(() => `store: ${channel} ${describe(commit, result)}`)
    if (result.outcome !== 'committed') return
    const { committed } = result
    if (committed.created) {
      const { epoch } = committed.head
      const life = { channel, epoch, entries: [], comings: new Map(), destroyed: false }
      this.lives.set(channel, [...(this.lives.get(channel) ?? []), life])
    }
    const life = this.living(channel)
    if (life === undefined || life.epoch !== committed.head.epoch) {
      this.#judge.violated('store', `${channel} has a commit of an epoch that is not its present`)
      return
    }
    this.#noteEntries(life, committed)
    for (const { user } of committed.entered) {
      life.comings.set(user, (life.comings.get(user) ?? 0) + 1)
    }
    if (committed.destroyed) life.destroyed = true
    this.rooms.noteChannel(channel, commit, committed)
  }

  #noteEntries(life: ChannelLife, committed: ChannelCommitted): void {
    for (const entry of committed.entries) {
      life.entries.push(entry)
      if (entry.offset !== life.entries.length) {
        this.#judge.violated('G2', `${life.channel} got offset ${entry.offset}, not the next one`)
      }
      if (entry.kind === 'publish' && entry.given === undefined) this.#notePublish(life, entry)
    }
  }

  #notePublish(life: ChannelLife, entry: Entry): void {
    const { channel, epoch } = life
    const key = `${channel} ${entry.content}`
    const places = this.#places.get(key) ?? []
    const id = `${channel} ${epoch} ${entry.id}`
    const isKnown = this.#ids.has(id) || places.some((place) => place.life === life)
    if (isKnown && !this.#isForgotten(life, entry)) {
      this.#judge.violated(
        'G4',
        `${entry.content} (${entry.id}) stands twice in ${channel} ${epoch}`,
      )
    }
    this.#ids.add(id)
    this.#places.set(key, [...places, { life, offset: entry.offset }])
    this.#checkOrder(life, entry)
  }

  /** Only a user's last 1000 ids in a channel count (G4); fewer, where some of them had no entry. */
  #isForgotten(life: ChannelLife, entry: Entry): boolean {
    const user = entry.author.user ?? ''
    const later = life.entries.length - life.entries.findIndex(({ id }) => id === entry.id)
    if (later < rememberedIds / 2) return false
    const ids = life.entries.slice(-later).filter(({ author }) => (author.user ?? '') === user)
    return ids.length > rememberedIds / 2
  }

  /** Publishes of one link to one channel keep their order, but for those that are sent again. */
  #checkOrder(life: ChannelLife, entry: Entry): void {
    const { author, number, repeats } = readPayload(entry.content)
    if (repeats) return
    const key = `${life.channel} ${author}`
    if (number < (this.#sent.get(key) ?? 0)) {
      this.#judge.violated('G2', `${entry.content} overtook a later one in ${life.channel}`)
    }
    this.#sent.set(key, number)
  }

  #noteUser(user: string, commit: UserCommit, result: UserCommitResult): void {
    this.#judge.note(() => `store: user ${user} ${describe(commit, result)}`)
    if (result.outcome !== 'committed') return
    this.rooms.noteUser(user, result)
    const before = this.#pages.get(user) ?? 0
    const now = result.record.connections.filter(({ only }) => only === undefined).length
    this.#pages.set(user, now)
    if (before === 0 || now > 0) return
    for (const change of commit.changes) {
      if (change.change === 'disconnect' && change.notice !== undefined) {
        this.partings.push({ user, notice: change.notice })
      }
    }
  }
}

/** The same part of a store with another member of this name. */
function withMember<Part extends object, Name extends keyof Part>(
  part: Part,
  name: Name,
  other: Part[Name],
): Part {
  return new Proxy(part, {
    get: (target, key) => {
      if (key === name) return other
      const member: unknown = Reflect.get(target, key)
      return typeof member === 'function' ? member.bind(target) : member
    },
  })
}

function describe(
  commit: ChannelCommit | UserCommit,
  result: ChannelCommitResult | UserCommitResult,
): string {
  const changes = commit.changes.map((change) => {
    const { change: kind, ...rest } = change
    const {
      options: _options,
      notice: _notice,
      limits: _limits,
      ...shown
    } = rest as Record<string, unknown>
    return `${kind} ${JSON.stringify(shown)}`
  })
  return `${changes.join(', ')} => ${outcomeOf(result)}`
}

function outcomeOf(result: ChannelCommitResult | UserCommitResult): string {
  if (result.outcome !== 'committed') return JSON.stringify(result)
  if ('record' in result) {
    const { version, subscriptions, connections } = result.record
    return `version ${version} ${JSON.stringify({ connections: connections.map((item) => item.id.slice(0, 6)), subscriptions: subscriptions.map((item) => [item.channel, item.generation, item.joined]) })}`
  }
  const { head, destroyed } = result.committed
  return `${head.epoch} ${head.offset}/${head.version}${destroyed ? ' destroyed' : ''}`
}
