import { utf8Length } from '../../core/json.ts'
import type { ChannelCommitted } from '../../core/ports.ts'
import type { ChannelAggregate } from './channel.ts'
import type { ChannelDraft } from './channel-draft.ts'
import { applyClaim, isExpired } from './claims.ts'
import { markLog } from './retention.ts'

/** Carries an accepted draft into its aggregate (the draft's `base`); by how many publish ids its books have grown. */
export function applyChannel(
  draft: ChannelDraft,
  committed: ChannelCommitted,
  now: number,
): number {
  const held = draft.base
  const isLogOnly = draft.isLogOnly
  held.offset = draft.offset
  held.count = draft.count
  held.first = draft.first
  if (draft.entries.length > 0) held.marks = markLog(held, now)
  let growth = 0
  for (const claim of draft.claims) growth += applyClaim(held.claims, claim)
  if (isLogOnly) return growth
  held.version = committed.head.version
  held.options = draft.options
  held.optionsVersion = draft.optionsVersion
  held.everSubscribed = draft.everSubscribed
  held.hidden = draft.hidden
  held.staticHistory = draft.staticHistory
  applyState(held, draft)
  applyPresence(held, draft)
  held.room = draft.room
  held.memberCount = draft.memberCount
  for (const [user, standing] of draft.members ?? []) held.members.set(user, standing)
  return growth
}

function applyState(held: ChannelAggregate, draft: ChannelDraft): void {
  held.stateBytes = draft.stateBytes
  if (draft.state === undefined) return
  for (const [key, json] of draft.state) {
    if (json === undefined) held.state.delete(key)
    else held.state.set(key, json)
  }
}

function applyPresence(held: ChannelAggregate, draft: ChannelDraft): void {
  // Who left and came again in one commit stands at the end of the joining order.
  for (const { user } of draft.left) held.presence.delete(user)
  for (const [user, subscriber] of draft.presence ?? []) {
    if (subscriber === undefined) held.presence.delete(user)
    else held.presence.set(user, subscriber)
  }
  for (const [user, tombstone] of draft.tombstones ?? []) {
    held.tombstones.delete(user)
    if (tombstone !== undefined) held.tombstones.set(user, tombstone)
  }
}

/** Drops the books of users who claimed nothing for a day; called after each commit, it looks at few. */
export function dropExpiredBooks(held: ChannelAggregate, draft: ChannelDraft, now: number): void {
  for (const { user } of draft.claims) {
    const book = held.claims.get(user)
    held.claims.delete(user)
    if (book !== undefined && book.ids.size > 0) held.claims.set(user, book)
  }
  for (const [user, book] of held.claims) {
    if (!isExpired({ claimed: book.newest }, now)) break
    held.claims.delete(user)
  }
}

/** Puts back one key of a state that was read from where it is kept. */
export function putLoadedState(held: ChannelAggregate, key: string, json: string): void {
  held.state.set(key, json)
  held.stateBytes += utf8Length(key) + utf8Length(json)
}
