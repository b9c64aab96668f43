import type { ChannelListQuery, UserListQuery, UserRecord } from '../../core/ports.ts'
import type { ChannelAggregate } from './channel.ts'
import type { ChannelDraft } from './channel-draft.ts'
import { isMember } from './members.ts'

/**
 * Tags put channels and users on the lists that the core asks for, so that no list is a scan of everything.
 * A tag has a kind, a name from outside ('' where the kind says all) and a number to compare by.
 */
export interface Tag {
  readonly kind:
    | 'polling'
    | 'watches'
    | 'abandoned'
    | 'member'
    | 'madeFor'
    | 'node'
    | 'connection'
    | 'intents'
  readonly of: string
  readonly value: number
}

/** Tags that appear and go with one commit. A changed value appears only. */
export interface TagChanges {
  readonly added: readonly Tag[]
  readonly removed: readonly Tag[]
}

const none: TagChanges = { added: [], removed: [] }

/** A channel's place on the lists of ChannelListQuery, but for its members' (memberTags). */
function channelTags(
  held: Pick<ChannelAggregate, 'options' | 'everSubscribed' | 'room' | 'memberCount'> & {
    readonly subscribers: number
  },
): Tag[] {
  const tags: Tag[] = []
  if (held.options.polling.mode !== '') tags.push({ kind: 'polling', of: '', value: 0 })
  if (held.everSubscribed && held.subscribers + held.memberCount === 0)
    tags.push({ kind: 'abandoned', of: '', value: 0 })
  if (held.options.server_presenceful)
    for (const user of new Set(held.options.server_user_presence))
      tags.push({ kind: 'watches', of: user, value: 0 })
  if (held.room?.madeFor !== undefined)
    tags.push({ kind: 'madeFor', of: held.room.madeFor, value: 0 })
  return tags
}

/** How a draft changes its channel's tags. Call before it is applied; one that destroys needs all members in its base. */
export function draftTags(draft: ChannelDraft): TagChanges {
  if (draft.isLogOnly) return none
  const { base, options, subscribers } = draft
  const crowd = base.presence.size === 0 || subscribers === 0
  const same = !draft.created && !draft.destroyed && options === base.options && !crowd
  if (same && draft.members === undefined) return none
  const before = draft.created ? [] : channelTags({ ...base, subscribers: base.presence.size })
  const after = draft.destroyed ? [] : channelTags(draft)
  const { added, removed } = tagChanges(before, after)
  const members = memberTags(draft)
  return { added: [...added, ...members.added], removed: [...removed, ...members.removed] }
}

/** Only of members that came or went: a room's others are not looked at. */
function memberTags({ base, members, destroyed }: ChannelDraft): TagChanges {
  const added: Tag[] = []
  const removed: Tag[] = []
  const changed = destroyed ? base.members.keys() : (members?.keys() ?? [])
  for (const user of changed) {
    const was = isMember(base.members.get(user))
    const is = !destroyed && isMember(members?.get(user))
    if (was !== is) (is ? added : removed).push({ kind: 'member', of: user, value: 0 })
  }
  return { added, removed }
}

/** A user's place on the lists of UserListQuery. */
export function userTags(record: UserRecord | undefined): Tag[] {
  if (record === undefined) return []
  const tags: Tag[] = []
  const nodes = new Set<string>()
  for (const { id, node } of record.connections) {
    tags.push({ kind: 'connection', of: id, value: 0 })
    nodes.add(node)
  }
  for (const node of nodes) tags.push({ kind: 'node', of: node, value: 0 })
  const oldest = record.intents.reduce((at, intent) => Math.min(at, intent.at), Infinity)
  if (oldest < Infinity) tags.push({ kind: 'intents', of: '', value: oldest })
  return tags
}

/** The difference of two lists of tags. */
export function tagChanges(before: readonly Tag[], after: readonly Tag[]): TagChanges {
  const held = new Map(before.map((tag) => [tagName(tag), tag]))
  const added: Tag[] = []
  for (const tag of after) {
    const name = tagName(tag)
    if (held.get(name)?.value !== tag.value) added.push(tag)
    held.delete(name)
  }
  return { added, removed: [...held.values()] }
}

/** One string per tag; unambiguous, as no kind holds a colon. */
export function tagName(tag: Pick<Tag, 'kind' | 'of'>): string {
  return `${tag.kind}:${tag.of}`
}

/** A tag that a listed name must bear, with a value below `below` if given. */
export interface TagFilter extends Pick<Tag, 'kind' | 'of'> {
  readonly below?: number
}

/** What a channel list asks for, the narrowest first. */
export function channelFilters(query: ChannelListQuery): TagFilter[] {
  const filters: TagFilter[] = []
  if (query.madeFor !== undefined) filters.push({ kind: 'madeFor', of: query.madeFor })
  if (query.member !== undefined) filters.push({ kind: 'member', of: query.member })
  if (query.watches !== undefined) filters.push({ kind: 'watches', of: query.watches })
  if (query.polling) filters.push({ kind: 'polling', of: '' })
  if (query.abandoned) filters.push({ kind: 'abandoned', of: '' })
  return filters
}

/** What a user list asks for, the narrowest first. */
export function userFilters(query: UserListQuery): TagFilter[] {
  const filters: TagFilter[] = []
  if (query.connection !== undefined) filters.push({ kind: 'connection', of: query.connection })
  if (query.intentsBefore !== undefined)
    filters.push({ kind: 'intents', of: '', below: query.intentsBefore })
  if (query.node !== undefined) filters.push({ kind: 'node', of: query.node })
  return filters
}
