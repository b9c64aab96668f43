import type { Coming, Entry, HistoryItem, HistoryPage, Position } from './entry.ts'
import { type FrameArgs, isObject, listOf } from './frames.ts'
import { isEntry, numberOf, readPage } from './read-frames.ts'

/** More than this is never kept of one channel, however much older history the page loads. */
const maxLoadedEntries = 10_000

/** What a snapshot changed. */
export interface SnapshotChange {
  /** `reset`: the history stands for all that was known. `recovered`: `news` are exactly what was missed. */
  readonly how: 'reset' | 'recovered'
  readonly page: HistoryPage
  /** Items that have not been told yet, oldest first. */
  readonly news: readonly HistoryItem[]
}

/**
 * What this page knows of a channel: position, newest entries, who is in it, state. Each item counts once: one at or
 * below the highest offset seen is dropped, and nothing is inferred from gaps (spec/hookbox.md §10).
 */
export class ChannelLog {
  readonly #maxEntries: number
  #position: Position | undefined
  #kept: Entry[] = []
  #limit: number
  /** Offset before which older history begins. */
  #oldest = 1
  #view: readonly Entry[] | undefined
  #users: readonly string[] = []
  #state: ReadonlyMap<string, unknown> = new Map()

  constructor(maxEntries: number) {
    this.#maxEntries = maxEntries
    this.#limit = maxEntries
  }

  get position(): Position | undefined {
    return this.#position
  }

  /** Oldest first; the same list until something changes. */
  get entries(): readonly Entry[] {
    this.#view ??= [...this.#kept]
    return this.#view
  }

  get users(): readonly string[] {
    return this.#users
  }

  get state(): ReadonlyMap<string, unknown> {
    return this.#state
  }

  /** Where the next older page ends, if more may be loaded. */
  get olderBefore(): number | undefined {
    const isFull = this.#kept.length >= maxLoadedEntries
    return this.#oldest > 1 && !isFull ? this.#oldest : undefined
  }

  takeSnapshot(channel: string, args: FrameArgs): SnapshotChange {
    const page = readPage(channel, args)
    const known = this.#position
    const before = known?.epoch === page.epoch ? known.offset : undefined
    const how = args['recovered'] === true && before !== undefined ? 'recovered' : 'reset'
    const news = page.items.filter(({ offset = 0 }) => before === undefined || offset > before)
    this.#users = listOf(args, 'presence') as string[]
    this.#state = new Map(isObject(args.state) ? Object.entries(args.state) : [])
    const head = numberOf(args, 'offset')
    const offset = how === 'recovered' ? Math.max(before ?? 0, head) : head
    this.#position = { epoch: page.epoch, offset }
    if (how === 'recovered') this.#append(news.filter(isEntry))
    else this.#restart(page, head)
    return { how, page, news }
  }

  /** False for one that was seen before: it changes nothing. */
  takeItem(item: HistoryItem): boolean {
    if (item.offset !== undefined && this.#position !== undefined) {
      if (item.offset <= this.#position.offset) return false
      this.#position = { epoch: this.#position.epoch, offset: item.offset }
    }
    if (isEntry(item)) this.#append([item])
    else this.#takeComing(item)
    return true
  }

  takeState(updates: FrameArgs, deletes: readonly string[]): void {
    const state = new Map([...this.#state, ...Object.entries(updates)])
    for (const key of deletes) state.delete(key)
    this.#state = state
  }

  /** A page of HISTORY that ends where the known one begins. False if the channel has been made anew since. */
  prepend(page: HistoryPage): boolean {
    if (page.epoch !== this.#position?.epoch) return false
    const older = page.items.filter(({ offset }) => offset !== undefined && offset < this.#oldest)
    this.#kept.unshift(...older.filter(isEntry))
    this.#limit = Math.min(maxLoadedEntries, Math.max(this.#limit, this.#kept.length))
    this.#oldest = older[0]?.offset ?? 1
    this.#view = undefined
    return true
  }

  #restart(page: HistoryPage, head: number): void {
    this.#limit = this.#maxEntries
    this.#kept = []
    this.#oldest = page.items.find(({ offset }) => offset !== undefined)?.offset ?? head + 1
    this.#append(page.entries)
  }

  #append(entries: readonly Entry[]): void {
    this.#kept.push(...entries)
    this.#view = undefined
    const surplus = this.#kept.length - this.#limit
    if (surplus <= 0) return
    this.#kept.splice(0, surplus)
    this.#oldest = this.#kept[0]?.offset ?? this.#oldest
  }

  #takeComing({ type, user }: Coming): void {
    if (typeof user !== 'string') return
    const isIn = this.#users.includes(user)
    if (type === 'join' && !isIn) this.#users = [...this.#users, user]
    if (type === 'leave' && isIn) this.#users = this.#users.filter((name) => name !== user)
  }
}
