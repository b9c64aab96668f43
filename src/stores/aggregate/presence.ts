import type { ChannelChange, PresenceChange } from '../../core/ports.ts'
import type { ChannelDraft } from './channel-draft.ts'

type Enter = Extract<ChannelChange, { change: 'enter' }>
type Leave = Extract<ChannelChange, { change: 'leave' }>

/** How many left users a channel remembers, and for how long after their leaving. */
const maxTombstones = 1000
const tombstoneTtlMs = 5 * 60 * 1000

/** A generation that is not newer than the one held, or than the one the user left with, is ignored. */
export function enter(draft: ChannelDraft, change: Enter): void {
  const { user, generation } = change
  const held = draft.subscriberOf(user)
  if (held !== undefined) {
    if (generation > held.generation) draft.setSubscriber(user, { ...held, generation })
    return
  }
  const tombstone = draft.tombstoneOf(user)
  if (tombstone !== undefined) {
    if (generation <= tombstone.generation) return
    draft.setTombstone(user, undefined)
  }
  draft.subscribers += 1
  draft.everSubscribed = true
  draft.addEntered(presenceChange(draft, change))
  draft.setSubscriber(user, { user, generation, from: draft.offset })
}

/** A leave also counts for a user who is not in: its enter may still be under way with an older generation. */
export function leave(draft: ChannelDraft, change: Leave, now: number): void {
  const { user, generation } = change
  const held = draft.subscriberOf(user)
  if (held !== undefined && generation < held.generation) return
  const tombstone = draft.tombstoneOf(user)
  if (tombstone === undefined || tombstone.generation < generation)
    draft.setTombstone(user, { generation, at: now })
  if (held === undefined) return
  draft.setSubscriber(user, undefined)
  draft.subscribers -= 1
  draft.addLeft(presenceChange(draft, change))
}

function presenceChange(draft: ChannelDraft, change: Enter | Leave): PresenceChange {
  const { user, generation, at } = change
  if (change.entry === undefined) return { user, generation, at }
  return { user, generation, at, offset: draft.append(change.entry).offset }
}

/** Marks the tombstones that are too old or too many as gone. */
export function dropTombstones(draft: ChannelDraft, now: number): void {
  const changed = draft.tombstones
  if (changed === undefined) return
  const held = draft.base.tombstones
  let size = held.size
  for (const [user, tombstone] of changed)
    size += (tombstone === undefined ? 0 : 1) - (held.has(user) ? 1 : 0)
  for (const [user, tombstone] of held) {
    if (size <= maxTombstones && tombstone.at > now - tombstoneTtlMs) break
    if (changed.has(user)) continue
    changed.set(user, undefined)
    size -= 1
  }
}
