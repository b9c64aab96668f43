import type { ChannelCommitted } from '../../core/ports.ts'
import type { ChannelDraft } from '../aggregate/channel-draft.ts'
import type { ClaimMutation } from '../aggregate/claims.ts'
import { isMember } from '../aggregate/members.ts'
import { draftTags } from '../aggregate/tags.ts'
import type { ChannelRecord, ChannelSlot } from './channel-slot.ts'
import { encodeClaim } from './claim-record.ts'
import type { Group } from './engine.ts'
import { encodeEntry } from './entry-record.ts'
import { keys, logKeys } from './keys.ts'
import { encodeMember } from './member-cache.ts'
import { encodeRecord, encodeText } from './records.ts'
import { writeTags } from './tag-index.ts'

/**
 * Writes what an accepted draft changes, before it is applied. A publish is one put: the head is read back from
 * the last entry, and the channel's record is written only when it changes. A member has a key of its own.
 */
export function writeChannel(
  group: Group,
  slot: ChannelSlot,
  change: { draft: ChannelDraft; committed: ChannelCommitted },
): void {
  const { draft } = change
  writeTags(group, slot.name, draftTags(draft))
  if (draft.destroyed) writeEnd(group, slot, draft)
  else writeLife(group, slot, change)
}

function writeLife(
  group: Group,
  slot: ChannelSlot,
  { draft, committed }: { draft: ChannelDraft; committed: ChannelCommitted },
): void {
  const { log } = slot
  for (const entry of draft.entries) group.put(logKeys.entry(log, entry.offset), encodeEntry(entry))
  for (let offset = draft.base.first; offset < draft.first; offset += 1)
    group.del(logKeys.entry(log, offset))
  for (const claim of draft.claims) writeClaim(group, log, claim)
  if (!draft.isLogOnly) writeRest(group, slot, { draft, committed })
}

/** What a publish does not change. */
function writeRest(
  group: Group,
  slot: ChannelSlot,
  { draft, committed }: { draft: ChannelDraft; committed: ChannelCommitted },
): void {
  const { log } = slot
  if (draft.created || draft.options !== draft.base.options)
    group.put(logKeys.options(log), encodeRecord({ options: draft.options }))
  if (draft.staticHistory !== draft.base.staticHistory)
    group.put(logKeys.staticHistory(log), encodeRecord({ entries: draft.staticHistory }))
  writeState(group, log, committed)
  writePresence(group, slot, draft)
  writeMembers(group, log, draft)
  if (draft.created && draft.base.createdBy !== undefined)
    group.put(keys.created(draft.base.createdBy, slot.name), encodeRecord({}))
  if (committed.head.version !== committed.prev.version || draft.hidden !== draft.base.hidden)
    group.put(keys.channel(slot.name), encodeRecord(recordOf(slot, draft, committed)))
}

function recordOf(
  slot: ChannelSlot,
  draft: ChannelDraft,
  { head }: ChannelCommitted,
): ChannelRecord {
  const { epoch, createdBy } = draft.base
  const { optionsVersion, everSubscribed, hidden, memberCount } = draft
  return {
    log: slot.log,
    epoch,
    version: head.version,
    optionsVersion,
    everSubscribed,
    hidden,
    ...(createdBy !== undefined && { createdBy }),
    ...(memberCount > 0 && { members: memberCount }),
  }
}

/** The record goes at once; the log, which may be long, is deleted behind (LevelChannels, garbage). */
function writeEnd(group: Group, slot: ChannelSlot, draft: ChannelDraft): void {
  group.del(keys.channel(slot.name))
  if (draft.base.createdBy !== undefined) group.del(keys.created(draft.base.createdBy, slot.name))
  group.put(keys.garbage(slot.log), encodeRecord({}))
}

function writeClaim(group: Group, log: string, { user, id, claim }: ClaimMutation): void {
  const key = logKeys.claim(log, user, id)
  if (claim === undefined) group.del(key)
  else group.put(key, encodeClaim(claim))
}

function writeState(group: Group, log: string, { state }: ChannelCommitted): void {
  for (const [key, json] of state?.updates ?? [])
    group.put(logKeys.state(log, key), encodeText({}, json))
  for (const key of state?.deletes ?? []) group.del(logKeys.state(log, key))
}

function writePresence(group: Group, slot: ChannelSlot, draft: ChannelDraft): void {
  for (const { user } of draft.left) slot.orders.delete(user)
  for (const [user, subscriber] of draft.presence ?? []) {
    const key = logKeys.subscriber(slot.log, user)
    if (subscriber === undefined) group.del(key)
    else {
      const order = slot.orders.get(user) ?? slot.nextOrder++
      slot.orders.set(user, order)
      const { generation, from } = subscriber
      group.put(key, encodeRecord({ generation, order, from }))
    }
  }
  for (const [user, tombstone] of draft.tombstones ?? []) {
    const key = logKeys.tombstone(slot.log, user)
    if (tombstone === undefined) group.del(key)
    else group.put(key, encodeRecord(tombstone))
  }
}

function writeMembers(group: Group, log: string, { base, room, members }: ChannelDraft): void {
  if (room !== base.room) group.put(logKeys.room(log), encodeRecord({ room }))
  for (const [user, standing] of members ?? []) {
    const before = base.members.get(user)
    if (isMember(standing)) group.put(logKeys.member(log, user), encodeMember(standing))
    else if (isMember(before)) group.del(logKeys.member(log, user))
    if (standing === 'removed') group.put(logKeys.removed(log, user), encodeRecord({}))
    else if (before === 'removed') group.del(logKeys.removed(log, user))
  }
}
