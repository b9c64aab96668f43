import { Refusal } from '../../core/errors.ts'
import type { ChannelChange, ChannelCommitted, Marker, Member } from '../../core/ports.ts'
import type { ChannelAggregate, Standing } from './channel.ts'
import type { ChannelDraft } from './channel-draft.ts'

/** Members of rooms and their read markers (spec/hipochat.md §7). */

type MemberChange = Extract<ChannelChange, { change: 'member' }>
type MarkerChange = Extract<ChannelChange, { change: 'marker' | 'left' | 'away' }>

/** Whether a standing is a member's. */
export function isMember(standing: Standing | undefined): standing is Member {
  return typeof standing === 'object'
}

/** Whether a user may come into a channel as into a room: no other channel admits anybody. */
export function admits(held: ChannelAggregate, user: string): boolean {
  const standing = held.members.get(user)
  if (isMember(standing)) return true
  return held.room !== undefined && !held.room.closed && standing !== 'removed'
}

/** Makes a channel a room, or opens or closes it. */
export function changeRoom(draft: ChannelDraft, closed: boolean): void {
  if (draft.room?.closed !== closed) draft.room = { ...draft.room, closed }
}

/** Adds or removes a member. Throws a TypeError where the channel is no room, Refusal `too_many_members`. */
export function changeMember(draft: ChannelDraft, change: MemberChange): void {
  if (draft.room === undefined) throw new TypeError('only a room has members')
  if (change.act === 'add') addMember(draft, change)
  else removeMember(draft, change.user)
}

function addMember(draft: ChannelDraft, { user, at, max = Infinity }: MemberChange): void {
  if (isMember(draft.standingOf(user))) return
  if (draft.memberCount >= max) throw new Refusal('too_many_members')
  const marker: Marker = { offset: draft.offset, count: draft.count }
  draft.setStanding(user, { user, joinedAt: at, marker, left: marker, away: marker })
  draft.setJoined(user, marker)
  draft.memberCount += 1
}

function removeMember(draft: ChannelDraft, user: string): void {
  const standing = draft.standingOf(user)
  if (standing === 'removed') return
  if (isMember(standing)) draft.memberCount -= 1
  draft.setStanding(user, 'removed')
}

/** Moves one of a member's markers forward. */
export function moveMarker(draft: ChannelDraft, { change, user, marker }: MarkerChange): void {
  const standing = draft.standingOf(user)
  if (!isMember(standing)) return
  const moved = forward(standing[change], marker, draft)
  if (moved !== undefined) draft.setStanding(user, { ...standing, [change]: moved })
}

/**
 * The marker after its move, if it moves. What is known of the log bounds the count from both sides, so that a wrong
 * one cannot make unread negative, and is put right where all entries count.
 */
function forward(
  held: Marker,
  wanted: Marker,
  head: { offset: number; count: number },
): Marker | undefined {
  const offset = Math.min(wanted.offset, head.offset)
  if (!(offset > held.offset)) return undefined
  const least = Math.max(held.count, head.count - (head.offset - offset))
  const most = Math.min(head.count, held.count + (offset - held.offset))
  return { offset, count: Math.max(least, Math.min(most, wanted.count)) }
}

/** What really differs from before the commit. */
export function memberDifference(
  draft: ChannelDraft,
): Pick<ChannelCommitted, 'members' | 'markers'> {
  if (draft.members === undefined || draft.destroyed) return {}
  const added: string[] = []
  const removed: string[] = []
  const markers: { user: string; marker: Marker }[] = []
  for (const [user, standing] of draft.members) {
    const before = draft.base.members.get(user)
    if (isMember(standing) !== isMember(before)) (isMember(standing) ? added : removed).push(user)
    const marker = movedMarker(draft, before, standing)
    if (marker !== undefined) markers.push({ user, marker })
  }
  return {
    ...(added.length + removed.length > 0 && { members: { added, removed } }),
    ...(markers.length > 0 && { markers }),
  }
}

function movedMarker(
  draft: ChannelDraft,
  before: Standing | undefined,
  standing: Standing,
): Marker | undefined {
  if (!isMember(standing)) return undefined
  const { user, marker } = standing
  const from = isMember(before) ? before.marker : draft.joined?.get(user)
  return marker.offset === from?.offset ? undefined : marker
}
