import type { ChannelChange, ChannelCommit, Member } from '../../core/ports.ts'
import type { ChannelDraft } from '../aggregate/channel-draft.ts'
import { isMember } from '../aggregate/members.ts'
import type { ChannelSlot } from './channel-slot.ts'
import { type Database, scan } from './database.ts'
import type { Group } from './engine.ts'
import { logKeys, nameOfKey, under } from './keys.ts'
import { decodeRecord, encodeRecord } from './records.ts'

/** Members in memory: those that commits have lately named; the others stay on disk, a key for each. */

/** Standings kept in memory per room. */
const maxStandings = 2000

/** Whose standing a commit needs that is not in memory. What never was a room has nobody on disk. */
export function missingMembers(slot: ChannelSlot, commit: ChannelCommit): readonly string[] {
  const { channel } = slot
  if (channel?.room === undefined) return none
  const missing: string[] = []
  for (const user of namedBy(commit)) if (!channel.members.has(user)) missing.push(user)
  return missing
}

const none: readonly string[] = []

/** Whether a commit needs every member: the end of a room takes it off all their lists. */
export function needsAllMembers({ channel }: ChannelSlot, commit: ChannelCommit): boolean {
  if (channel === undefined || channel.memberCount === 0 || commit.expect.empty) return false
  return commit.changes.some(({ change }) => change === 'destroy')
}

const concernsMembers: ReadonlySet<ChannelChange['change']> = new Set([
  'member',
  'marker',
  'left',
  'away',
])

function namedBy({ expect, changes }: ChannelCommit): string[] {
  const users: string[] = []
  if (expect.member !== undefined) users.push(expect.member)
  if (expect.admits !== undefined) users.push(expect.admits)
  for (const change of changes)
    if (concernsMembers.has(change.change) && 'user' in change) users.push(change.user)
  return users
}

/** Reads what a commit needs. A standing was dropped only when it was on disk. */
export async function readMissingMembers(
  database: Database,
  slot: ChannelSlot,
  commit: ChannelCommit,
): Promise<void> {
  const members = slot.channel?.members
  if (members === undefined) return
  if (members.size > maxStandings) dropMembers(slot)
  const users = missingMembers(slot, commit)
  if (users.length > 0) {
    const { log } = slot
    const records = await database.getMany(
      users.flatMap((user) => [logKeys.member(log, user), logKeys.removed(log, user)]),
    )
    for (const [index, user] of users.entries()) {
      const [member, removed] = records.slice(2 * index)
      const otherwise = removed === undefined ? 'stranger' : 'removed'
      members.set(user, member === undefined ? otherwise : decodeMember(user, member))
    }
  }
  if (needsAllMembers(slot, commit))
    await scan(database, under(logKeys.members(slot.log)), (key, value) => {
      const user = nameOfKey(key)
      if (!members.has(user)) members.set(user, decodeMember(user, value))
    })
}

/** Notes which standings a commit has changed, before they may be dropped again. */
export function noteMembers(slot: ChannelSlot, { members }: ChannelDraft, group: Group): void {
  for (const user of members?.keys() ?? []) slot.memberGroups.set(user, group)
}

/** Down to half, those that were read or added first. */
function dropMembers({ channel, memberGroups }: ChannelSlot): void {
  const members = channel?.members ?? new Map()
  for (const user of members.keys()) {
    if (members.size <= maxStandings / 2) return
    if (memberGroups.get(user)?.settled === false) continue
    members.delete(user)
    memberGroups.delete(user)
  }
}

/** Those of the users who are known to be members, and those of whom memory knows nothing. */
export function membersInMemory(
  { channel }: ChannelSlot,
  users: readonly string[],
): { readonly members: Map<string, Member>; readonly unknown: readonly string[] } {
  const members = new Map<string, Member>()
  const unknown: string[] = []
  for (const user of users) {
    const standing = channel?.members.get(user)
    if (isMember(standing)) members.set(user, standing)
    else if (standing === undefined) unknown.push(user)
  }
  return { members, unknown }
}

/** A member as a value; its name is in the key. */
export function encodeMember({ joinedAt, marker, left, away }: Member): string {
  return encodeRecord({ joinedAt, marker, left, away })
}

/** The member that `encodeMember` wrote. */
export function decodeMember(user: string, text: string): Member {
  const { joinedAt, marker, left, away } = decodeRecord(text) as Omit<Member, 'user'>
  return { user, joinedAt, marker, left, away }
}
