import type { Entry } from '../../src/core/entry.ts'
import type { Judge } from './judge.ts'
import type { ChannelLife, Ledger, Place } from './ledger.ts'
import { readPayload } from './payload.ts'

export type Args = Readonly<Record<string, unknown>>

/** Whose view it is. */
export interface Viewer {
  readonly client: string
  readonly user: string
  readonly version: 1 | 2
  /** Id of its connection: entries may leave that one out. */
  readonly connection: string
  readonly ledger: Ledger
  readonly judge: Judge
  /** The channel's options never change: then a snapshot's history can be foretold. */
  readonly steady: (channel: string) => boolean
  /** Its channel options say so, and never change in that. */
  readonly presenceful: (channel: string) => boolean
  /** How many entries a position may be behind and must be resumed: what is kept, where the store always answers. */
  readonly resumes: number
}

type HistoryItem = readonly [name: string, fields: Args]

/**
 * What one connection knows of one channel, from its frames alone, each held against the ledger as it comes: order
 * without holes (G2), resume (G3), nothing told that is not durable (G1), joins and leaves told once (G8).
 */
export class ChannelView {
  readonly channel: string
  readonly state = new Map<string, string>()
  /** Undefined where the channel is not presenceful. */
  presence: Set<string> | undefined
  life: ChannelLife | undefined
  /** Highest offset told, or that must have been; undefined: not known (version 1 without a publish so far). */
  offset: number | undefined
  historySize = 0
  readonly #viewer: Viewer
  readonly #passed = new Map<string, number>()

  constructor(channel: string, viewer: Viewer) {
    this.channel = channel
    this.#viewer = viewer
  }

  /** Where a version 2 client resumes. */
  get position(): { epoch: string; offset: number } | undefined {
    if (this.life === undefined || this.offset === undefined) return undefined
    return { epoch: this.life.epoch, offset: this.offset }
  }

  /** `isFirst`: no snapshot of the channel has come since the client gave its position. */
  snapshot(
    args: Args,
    given: { since: { epoch: string; offset: number } | undefined; isFirst: boolean },
  ): void {
    this.state.clear()
    for (const [key, value] of Object.entries(args['state'] as object)) {
      this.state.set(key, JSON.stringify(value))
    }
    this.#takePresence(args['presence'] as string[])
    this.historySize = args['history_size'] as number
    const items = args['history'] as HistoryItem[]
    if (this.#viewer.version === 2) this.#placeByPosition(args, items, given)
    else this.#placeByPayload(items)
  }

  publish(args: Args): void {
    this.#checkPresenceList(args['presence'] as string[] | undefined)
    const payload = JSON.stringify(args['payload'])
    const offset = args['offset'] as number | undefined
    if (this.#viewer.version === 2 && offset !== undefined) this.#publishAt(offset, payload)
    else if (this.#viewer.version === 1 && this.historySize > 0) this.#publishSomewhere(payload)
    else this.#pass(payload)
  }

  /** The answer to SUBSCRIBE says how far everything has been told. */
  reached(epoch: string, offset: number): void {
    if (this.life?.epoch !== epoch || this.offset === undefined || offset <= this.offset) return
    this.#moveTo(this.life, offset)
    this.offset = offset
  }

  coming(kind: 'join' | 'leave', args: Args): void {
    const user = args['user'] as string
    const offset = args['offset'] as number | undefined
    if (this.presence === undefined) {
      this.#violated('G8', `is told of a ${kind} of ${user}, and saw no presence`)
      return
    }
    const isIn = this.presence.has(user)
    if (kind === 'join' && isIn) this.#violated('G8', `is told twice that ${user} came`)
    if (kind === 'leave' && !isIn) this.#violated('G8', `is told that ${user} left, who was not in`)
    if (kind === 'join') this.presence.add(user)
    else this.presence.delete(user)
    if (offset !== undefined) this.#comingAt(offset, { kind, user })
  }

  stateUpdate(args: Args): void {
    const updates = Object.entries(args['updates'] as object)
    const deletes = args['deletes'] as string[]
    let changes = 0
    for (const [key, value] of updates) {
      const json = JSON.stringify(value)
      if (this.state.get(key) !== json) changes += 1
      this.state.set(key, json)
    }
    for (const key of deletes) if (this.state.delete(key)) changes += 1
    if (changes === 0) this.#violated('state', `is told of no change: ${JSON.stringify(args)}`)
  }

  /** At rest: has everything been told? */
  checkComplete(): void {
    const { life, offset } = this
    if (life === undefined || offset === undefined) return
    const present = this.#viewer.ledger.living(this.channel)
    if (present !== life) this.#violated('G2', `still shows epoch ${life.epoch}, which is over`)
    else this.#moveTo(life, life.entries.length + 1)
  }

  #takePresence(names: readonly string[]): void {
    if (!this.#viewer.presenceful(this.channel)) return
    this.presence = new Set(names)
    if (this.presence.size < names.length) this.#violated('G8', `sees somebody twice: ${names}`)
  }

  #checkPresenceList(names: readonly string[] | undefined): void {
    if (names === undefined || this.presence === undefined) return
    // Its own coming and going it learns from its snapshot and its UNSUBSCRIBE, before or after the channel has it.
    const others = names.filter((name) => name !== this.#viewer.user)
    const told = [...this.presence].filter((name) => name !== this.#viewer.user)
    const same = others.length === told.length && others.every((name) => told.includes(name))
    if (!same) this.#violated('G8', `gets presence ${names}, was told of ${[...this.presence]}`)
  }

  // Version 2: positions say it all.

  #placeByPosition(
    args: Args,
    items: readonly HistoryItem[],
    { since, isFirst }: Parameters<ChannelView['snapshot']>[1],
  ): void {
    const epoch = args['epoch'] as string
    const offset = args['offset'] as number
    const life = this.#viewer.ledger.life(this.channel, epoch)
    this.life = life
    this.offset = offset
    if (life === undefined || offset > life.entries.length) {
      this.#violated('G1', `gets a snapshot at ${epoch} ${offset}, which is not durable`)
      return
    }
    if (args['recovered'] === true) this.#checkRecovered(life, items, since)
    else {
      if (isFirst) this.#checkForgotten(life, since)
      this.#checkShown(life, items)
    }
  }

  /** A position that could be resumed was. */
  #checkForgotten(life: ChannelLife, since: { epoch: string; offset: number } | undefined): void {
    const { resumes, steady } = this.#viewer
    if (!steady(this.channel) || this.historySize === 0 || life.destroyed) return
    if (since?.epoch !== life.epoch || (this.offset ?? 0) - since.offset > resumes) return
    this.#violated('G3', `was at ${since.offset} and is not recovered at ${this.offset}`)
  }

  #checkRecovered(
    life: ChannelLife,
    items: readonly HistoryItem[],
    since: { epoch: string; offset: number } | undefined,
  ): void {
    if (since?.epoch !== life.epoch) {
      this.#violated('G3', `is told it was recovered, and had given ${JSON.stringify(since)}`)
      return
    }
    const missed = life.entries.slice(since.offset, this.offset)
    if (!isSame(items, missed)) {
      this.#violated(
        'G3',
        `is to get ${missed.length} entries after ${since.offset}, gets ${JSON.stringify(items)}`,
      )
    }
  }

  #checkShown(life: ChannelLife, items: readonly HistoryItem[]): void {
    if (this.historySize === 0 || !this.#viewer.steady(this.channel)) return
    // Its end comes next; its entries are gone already.
    if (life.destroyed) return
    const all = life.entries.slice(0, this.offset)
    // The join that brought this arrival is no part of it; which one that was is not told.
    const own = all.filter(
      ({ kind, author }) =>
        kind === 'join' && (author.user ?? this.#viewer.user) === this.#viewer.user,
    )
    const shown = [undefined, ...own.slice(-20)].map((without) =>
      all.filter((entry) => entry !== without).slice(-this.historySize),
    )
    // The store may be ahead of the node by now, and shows fewer of those that the node has.
    const ahead = life.entries.length - (this.offset ?? 0)
    const isShown = (entries: readonly Entry[]) =>
      items.length <= entries.length &&
      entries.length - items.length <= ahead &&
      isSame(items, entries.slice(entries.length - items.length))
    if (shown.some(isShown)) return
    this.#violated('G2', `at ${this.offset} is shown ${JSON.stringify(items)}`)
  }

  #publishAt(offset: number, payload: string): void {
    const { life } = this
    const entry = life?.entries[offset - 1]
    if (life === undefined || entry === undefined) {
      this.#violated('G1', `is told ${payload} at ${offset}, which is not durable`)
      return
    }
    if (entry.kind !== 'publish' || entry.content !== payload) {
      this.#violated('G2', `is told ${payload} at ${offset}, where ${entry.content} stands`)
    }
    this.#take(life, entry)
  }

  #comingAt(offset: number, coming: { kind: 'join' | 'leave'; user: string }): void {
    const entry = this.life?.entries[offset - 1]
    if (this.life === undefined || entry === undefined) {
      this.#violated('G1', `is told of a ${coming.kind} at ${offset}, which is not durable`)
      return
    }
    const author = entry.author.user ?? coming.user
    if (entry.kind !== coming.kind || author !== coming.user) {
      this.#violated('G2', `is told of a ${coming.kind} of ${coming.user} at ${offset}: wrong`)
    }
    this.#take(this.life, entry)
  }

  // Version 1: the payload says where it stands.

  #placeByPayload(items: readonly HistoryItem[]): void {
    this.life = undefined
    this.offset = undefined
    const last = items.findLast(([name]) => name === 'PUBLISH')
    // What the app gave itself stands nowhere else.
    if (last === undefined || last[1]['payload'] === givenPayload) return
    const places = this.#viewer.ledger.places(this.channel, JSON.stringify(last[1]['payload']))
    const place = places.at(-1)
    if (place === undefined) {
      this.#violated('G1', `is shown ${JSON.stringify(last)}, which is not durable`)
      return
    }
    // The same publish may stand in two lives of the channel: then it does not say which one this is.
    if (places.length > 1) return
    this.life = place.life
    this.offset = place.offset
  }

  #publishSomewhere(payload: string): void {
    const places = this.#viewer.ledger.places(this.channel, payload)
    const place = places.findLast((each) => each.life === this.life) ?? places.at(-1)
    if (this.#mayPass(payload, place)) return
    const entry = place?.life.entries[place.offset - 1]
    if (place === undefined || entry === undefined) {
      this.#violated('G1', `is told ${payload}, which is not durable`)
    } else if (this.life === place.life) {
      this.#take(place.life, entry)
    } else if (this.life !== undefined) {
      this.#violated('G2', `is told ${payload} of another epoch without notice`)
    } else if (places.length === 1) {
      this.life = place.life
      this.offset = place.offset
    }
  }

  /** Where histories come and go, a publish may be told that stands nowhere, or stood somewhere before. */
  #mayPass(payload: string, place: Place | undefined): boolean {
    if (this.#viewer.steady(this.channel)) return false
    if (place === undefined) return true
    if (!readPayload(payload).repeats) return false
    return place.life !== this.life || place.offset <= (this.offset ?? 0)
  }

  // Both.

  #take(life: ChannelLife, entry: Entry): void {
    if (entry.omit === this.#viewer.connection) {
      this.#violated('G2', `is told its own ${entry.content}, which it was not to get`)
    }
    if (this.offset !== undefined && entry.offset <= this.offset) {
      this.#violated('G2', `is told ${entry.offset} after ${this.offset}`)
    }
    this.#moveTo(life, entry.offset)
    this.offset = entry.offset
  }

  /** Everything between must be what this connection is not told. */
  #moveTo(life: ChannelLife, offset: number): void {
    if (this.offset === undefined) return
    for (const entry of life.entries.slice(this.offset, offset - 1)) {
      if (entry.kind !== 'publish' || entry.given !== undefined) continue
      if (entry.omit === this.#viewer.connection) continue
      this.#violated('G2', `comes to ${offset} without ${entry.offset} ${entry.content}`)
      return
    }
  }

  /** Without history: at most once, in the publisher's order. */
  #pass(payload: string): void {
    const { author, number, repeats } = readPayload(payload)
    // Where histories come and go, what is kept may overtake what only passes.
    if (repeats || !this.#viewer.steady(this.channel)) return
    if (number <= (this.#passed.get(author) ?? 0)) {
      this.#violated('G2', `is told ${payload} after ${this.#passed.get(author)}`)
    }
    this.#passed.set(author, number)
  }

  #violated(rule: string, text: string): void {
    const { client, judge } = this.#viewer
    judge.violated(rule, `${client} in ${this.channel} ${text}`)
  }
}

/** What the app gives as history. */
export const givenPayload = 'given'

const names = { publish: 'PUBLISH', join: 'SUBSCRIBE', leave: 'UNSUBSCRIBE' } as const

function isSame(items: readonly HistoryItem[], entries: readonly Entry[]): boolean {
  if (items.length !== entries.length) return false
  return items.every(([name, fields], index) => {
    const entry = entries[index]
    if (entry?.given !== undefined) return JSON.stringify([name, fields]) === entry.given
    if (entry === undefined || names[entry.kind] !== name) return false
    if (fields['offset'] !== entry.offset) return false
    return entry.kind !== 'publish' || JSON.stringify(fields['payload']) === entry.content
  })
}
