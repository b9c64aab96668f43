import type { Entry } from '../../core/entry.ts'
import type { ChannelOptions } from '../../core/options.ts'
import { putLoadedState } from '../aggregate/apply-channel.ts'
import type { ChannelAggregate, ClaimBook, Room, Tombstone } from '../aggregate/channel.ts'
import { emptyChannel } from '../aggregate/channel.ts'
import { EntryTail, heldBy } from '../aggregate/entry-tail.ts'
import { decodeClaim } from './claim-record.ts'
import type { Database } from './database.ts'
import type { Group } from './engine.ts'
import { decodeEntry } from './entry-record.ts'
import { entryRange, keys, logKeys, logParts, nameOfKey, under } from './keys.ts'
import { decodeRecord, decodeText } from './records.ts'
import type { Slot } from './slots.ts'

/** A channel in memory: its aggregate, the newest of its log, and some of its publish ids. */
export interface ChannelSlot extends Slot {
  /** Undefined: the channel does not exist. */
  channel: ChannelAggregate | undefined
  /** The key part of this life of the channel. */
  log: string
  tail: EntryTail
  /** Each subscriber's place in the joining order, as it is on disk. */
  readonly orders: Map<string, number>
  nextOrder: number
  /** `all`: no claim is on disk whose book is not in memory. */
  books: 'all' | 'some'
  /** In which group a book was last changed: it may be dropped when that is on disk. */
  readonly bookGroups: Map<string, Group>
  /** Claims in the books in memory. */
  claimCount: number
  /** In which group a member was last changed: it may be dropped when that is on disk. */
  readonly memberGroups: Map<string, Group>
  /** What the cache was last told. */
  weight: number
}

/** The record of a channel under its name. */
export interface ChannelRecord {
  readonly log: string
  readonly epoch: string
  readonly version: number
  readonly optionsVersion: number
  readonly everSubscribed: boolean
  readonly hidden: number
  readonly createdBy?: string
  /** How many members; absent: none. */
  readonly members?: number
}

/** Most entries kept in memory per channel, and most characters that they hold. */
const maxTail = { entries: 1000, size: 512 * 1024 } as const
/** Entries kept of a channel that shows fewer: what a short gap or a resume asks for. */
const minTail = 100
/** Entries that the tail may grow beyond, so that letting go of them costs little each. */
const tailSlack = 64

const emptyWeight = 1000

/** About how many bytes a slot holds. */
export function weighChannel({ channel, tail, claimCount }: ChannelSlot): number {
  if (channel === undefined) return emptyWeight
  const { presence, tombstones, members, stateBytes, room } = channel
  const texts = tail.size + stateBytes + (room?.madeFor?.length ?? 0)
  const records = tail.length + claimCount + presence.size + tombstones.size + members.size
  return emptyWeight + records * 300 + texts * 2
}

/** A slot of which nothing has been read. */
export function makeChannelSlot(name: string, generation: number): ChannelSlot {
  return {
    name,
    generation,
    loaded: false,
    queue: undefined,
    group: undefined,
    channel: undefined,
    log: '',
    tail: new EntryTail(1),
    orders: new Map(),
    nextOrder: 1,
    books: 'all',
    bookGroups: new Map(),
    claimCount: 0,
    memberGroups: new Map(),
    weight: emptyWeight,
  }
}

/** Begins a life of the channel in this slot. */
export function beginChannel(slot: ChannelSlot, channel: ChannelAggregate, log: string): void {
  slot.channel = channel
  slot.log = log
  slot.tail = new EntryTail(channel.offset + 1)
  slot.orders.clear()
  slot.nextOrder = 1
  slot.books = 'all'
  slot.bookGroups.clear()
  slot.claimCount = 0
  slot.memberGroups.clear()
}

/** Reads a channel from disk. Nothing writes to it meanwhile: its commits wait for the slot. */
export async function loadChannel(slot: ChannelSlot, database: Database): Promise<void> {
  const text = await database.get(keys.channel(slot.name))
  if (text === undefined) return
  const record = decodeRecord(text) as ChannelRecord
  const parts = await database.read(logParts(record.log))
  const options = parts.find(([key]) => key === logKeys.options(record.log))?.[1] ?? '{}'
  const channel = emptyChannel(slot.name, {
    epoch: record.epoch,
    createdBy: record.createdBy,
    options: (decodeRecord(options) as { options: ChannelOptions }).options,
  })
  channel.version = record.version
  channel.optionsVersion = record.optionsVersion
  channel.everSubscribed = record.everSubscribed
  channel.hidden = record.hidden
  channel.memberCount = record.members ?? 0
  beginChannel(slot, channel, record.log)
  loadParts(slot, channel, parts)
  await loadLog(slot, channel, database)
  const claims = await database.read({ ...under(logKeys.claims(record.log)), limit: 1 })
  slot.books = claims.length === 0 ? 'all' : 'some'
}

function loadParts(
  slot: ChannelSlot,
  channel: ChannelAggregate,
  parts: readonly (readonly [string, string])[],
): void {
  const prefix = logKeys.all(slot.log).length
  const present: (SubscriberRecord & { user: string })[] = []
  const left: (Tombstone & { user: string })[] = []
  for (const [key, value] of parts) {
    const part = key[prefix]
    if (part === 's') putLoadedState(channel, nameOfKey(key), decodeText(value).text)
    else if (part === 'p')
      present.push({ user: nameOfKey(key), ...(decodeRecord(value) as SubscriberRecord) })
    else if (part === 't')
      left.push({ user: nameOfKey(key), ...(decodeRecord(value) as Tombstone) })
    else if (part === 'q' || part === 'r') Object.assign(channel, loadFixed(part, value))
  }
  for (const { user, generation, order, from = 0 } of present.sort((a, b) => a.order - b.order)) {
    channel.presence.set(user, { user, generation, from })
    slot.orders.set(user, order)
    slot.nextOrder = order + 1
  }
  for (const { user, generation, at } of left.sort((a, b) => a.at - b.at))
    channel.tombstones.set(user, { generation, at })
}

/** A part of which there is one. */
function loadFixed(
  part: 'q' | 'r',
  value: string,
): Pick<ChannelAggregate, 'staticHistory'> | Pick<ChannelAggregate, 'room'> {
  const record = decodeRecord(value)
  return part === 'q'
    ? { staticHistory: (record as { entries: Entry[] }).entries }
    : { room: (record as { room: Room }).room }
}

/** How a subscriber is written. */
interface SubscriberRecord {
  readonly generation: number
  readonly order: number
  /** Format 1 and 2 did not know. */
  readonly from?: number
}

async function loadLog(
  slot: ChannelSlot,
  channel: ChannelAggregate,
  database: Database,
): Promise<void> {
  const all = under(`${logKeys.all(slot.log)}e!`)
  const limit = Math.max(1, Math.min(minTail, channel.options.history_size))
  const rows = await database.read({ ...all, limit, reverse: true })
  if (rows.length === 0) return
  const [oldest] = await database.read({ ...all, limit: 1 })
  channel.first = offsetOfKey((oldest ?? rows[0])?.[0] as string)
  channel.offset = offsetOfKey(rows[0]?.[0] as string)
  const entries = rows.map(([key, value]) =>
    decodeEntry(value, { epoch: channel.epoch, offset: offsetOfKey(key) }),
  )
  const newest = entries[0] as Entry
  channel.count = newest.count
  channel.marks = [{ offset: newest.offset, at: newest.at }]
  slot.tail = new EntryTail(channel.offset + 1)
  slot.tail.prepend(entries.reverse())
}

function offsetOfKey(key: string): number {
  return Number.parseInt(key.slice(key.lastIndexOf('!') + 1), 36)
}

/** Entries of a log from disk. */
export async function readEntries(
  database: Database,
  slot: { readonly log: string; readonly epoch: string },
  range: { from: number; to: number },
): Promise<Entry[]> {
  const rows = await database.read(entryRange(slot.log, range.from, range.to))
  return rows.map(([key, value]) =>
    decodeEntry(value, { epoch: slot.epoch, offset: offsetOfKey(key) }),
  )
}

/** Reads one user's publish ids. */
export async function readBook(
  database: Database,
  slot: ChannelSlot,
  user: string,
): Promise<ClaimBook> {
  const rows = await database.read(under(logKeys.book(slot.log, user)))
  const claims = rows
    .map(([key, value]) => [nameOfKey(key), decodeClaim(value)] as const)
    .sort(([, a], [, b]) => a.claimed - b.claimed)
  const book: ClaimBook = { ids: new Map(), newest: 0 }
  for (const [id, claim] of claims) {
    book.ids.set(id, claim)
    book.newest = claim.claimed
  }
  return book
}

/** Puts a commit's entries at the end of the tail, and lets go of the oldest where there are too many. */
export function growTail(
  tail: EntryTail,
  entries: readonly Entry[],
  options: Pick<ChannelOptions, 'history_size'>,
): void {
  for (const entry of entries) tail.push(entry)
  const keep = Math.min(maxTail.entries, Math.max(minTail, options.history_size))
  if (tail.length > keep + tailSlack) tail.dropBefore(tail.first + tail.length - keep)
  while (tail.size > maxTail.size && tail.length > 0)
    tail.dropBefore(tail.first + Math.ceil(tail.length / 4))
}

/** Puts entries that were read from disk in front of the tail, where they fit. */
export function extendTail(tail: EntryTail, older: readonly Entry[]): void {
  const size = older.reduce((sum, entry) => sum + heldBy(entry), tail.size)
  if (older.at(-1)?.offset !== tail.first - 1) return
  if (older.length + tail.length <= maxTail.entries && size <= maxTail.size) tail.prepend(older)
}
