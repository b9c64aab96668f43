import { createHash } from 'node:crypto'
import type { Tag } from '../aggregate/tags.ts'
import type { KeyRange } from './database.ts'

/**
 * The keys of the embedded store. No key holds a raw name: outside text is base64url, which has no `!`, so that
 * no name can collide with or escape into another key.
 *
 *   format                       the format's version
 *   m!channels  m!users          counters
 *   c!NAME                       a channel: its epoch, versions and log
 *   l!LOG!e!OFFSET               one entry of a log
 *   l!LOG!o  l!LOG!q             options, static history
 *   l!LOG!p!USER  l!LOG!t!USER   who is in, who has left lately
 *   l!LOG!s!KEY                  state
 *   l!LOG!r                      what makes the channel a room
 *   l!LOG!m!USER  l!LOG!d!USER   its members, who was removed from it
 *   k!LOG!USER!ID                publish ids
 *   r!CREATOR!NAME               who created which channel
 *   g!LOG                        a log whose channel is gone: its keys are still to be deleted
 *   u!NAME                       a user
 *   i!KIND!OF!NAME               tags (lists)
 *   n!ID  q!DUE!ID               notices, their queue
 *   x!ID  y!PLACE!ID             the dead ones, the order of their dying
 *
 * LOG is a number of its own for each life of a channel, so that a channel made again under its old name (and
 * even its old epoch) never sees what is left of the former one.
 */

/** Outside text as part of a key. */
export function encodeName(name: string): string {
  return Buffer.from(name).toString('base64url')
}

/** The text of an encoded name, or of the last part of a key. */
export function nameOfKey(key: string): string {
  return Buffer.from(key.slice(key.lastIndexOf('!') + 1), 'base64url').toString()
}

/** Everything that begins with `prefix`, which must end with `!`. */
export function under(prefix: string): { readonly gte: string; readonly lt: string } {
  return { gte: prefix, lt: `${prefix.slice(0, -1)}"` }
}

/** Offsets and times, padded so that they sort. */
export function encodeNumber(value: number): string {
  const digits = Math.max(0, Math.floor(value)).toString(36)
  return `${zeros[digits.length] ?? ''}${digits}`
}

/** What a number of so many digits is short of; `padStart` was 4 % of all that a batch of publishes allocates. */
const zeros = Array.from({ length: 12 }, (_, digits) => '0'.repeat(11 - digits))

/** The number in the part before the last of a key. */
export function placeOfKey(key: string): number {
  return Number.parseInt(key.split('!')[1] ?? '', 36)
}

export const keys = {
  format: 'format',
  check: 'm!check',
  channelCounters: 'm!channels',
  userCounters: 'm!users',
  channel: (name: string): string => `c!${encodeName(name)}`,
  user: (name: string): string => `u!${encodeName(name)}`,
  created: (creator: string, name: string): string =>
    `r!${encodeName(creator)}!${encodeName(name)}`,
  garbage: (log: string): string => `g!${log}`,
  notice: (id: string): string => `n!${encodeName(id)}`,
  queued: (due: number, id: string): string => `q!${encodeNumber(due)}!${encodeName(id)}`,
  dead: (id: string): string => `x!${encodeName(id)}`,
  deadPlace: (place: number, id: string): string => `y!${encodeNumber(place)}!${encodeName(id)}`,
  tag: (tag: Pick<Tag, 'kind' | 'of'>, name: string): string =>
    `${tagPrefix(tag)}${encodeName(name)}`,
} as const

/** Keys inside one log. */
export const logKeys = {
  all: (log: string): string => `l!${log}!`,
  entry: (log: string, offset: number): string => `l!${log}!e!${encodeNumber(offset)}`,
  options: (log: string): string => `l!${log}!o`,
  staticHistory: (log: string): string => `l!${log}!q`,
  subscriber: (log: string, user: string): string => `l!${log}!p!${encodeName(user)}`,
  tombstone: (log: string, user: string): string => `l!${log}!t!${encodeName(user)}`,
  state: (log: string, key: string): string => `l!${log}!s!${encodeName(key)}`,
  room: (log: string): string => `l!${log}!r`,
  members: (log: string): string => `l!${log}!m!`,
  member: (log: string, user: string): string => `l!${log}!m!${encodeName(user)}`,
  removed: (log: string, user: string): string => `l!${log}!d!${encodeName(user)}`,
  claims: (log: string): string => `k!${log}!`,
  book: (log: string, user: string): string => `k!${log}!${encodeName(user)}!`,
  claim: (log: string, user: string, id: string): string =>
    `k!${log}!${encodeName(user)}!${encodeName(id)}`,
} as const

/** Where the names that bear a tag stand. Tags of the same digest are told apart by their records. */
export function tagPrefix({ kind, of }: Pick<Tag, 'kind' | 'of'>): string {
  if (!isLongTag(of)) return `i!${kind}!${encodeName(of)}!`
  return `i!${kind}!~${createHash('sha256').update(of).digest('hex')}!`
}

/** Whether a tag's text is too long for a key, and stands in the record. No name is. */
export function isLongTag(of: string): boolean {
  return of.length > 1000
}

/** Entries `from` … `to` of a log. */
export function entryRange(log: string, from: number, to: number): KeyRange {
  return { gte: logKeys.entry(log, from), lt: logKeys.entry(log, to + 1) }
}

/** What a log holds besides entries and members: options, presence, static history, room, state, tombstones. */
export function logParts(log: string): KeyRange {
  return { gte: `l!${log}!o`, lt: `l!${log}!u` }
}
