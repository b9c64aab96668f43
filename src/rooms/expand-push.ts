import { digestOf } from '../core/digest.ts'
import type { Entry } from '../core/entry.ts'
import type { ChannelSnapshot, Member, Notice } from '../core/ports.ts'
import { readNewest } from '../core/read-pages.ts'
import { isNotifiable, pushedMessage } from './layer.ts'
import { type PushCall, pushBody } from './push-body.ts'
import { type MessageNotice, type MissedNotice, readPushNotice } from './push-notice.ts'
import { allMembers, memberOf } from './read-members.ts'
import type { RoomContext } from './room-context.ts'
import { unreadOf } from './unread.ts'

/** What a notice of a message becomes: frozen calls, which stand for other waiting notices too. */
export interface PushExpansion {
  /** Ids of further notices that go with it. */
  readonly replaces: readonly string[]
  readonly calls: readonly Notice[]
}

const maxReceivers = 100
/** Of one room, that become one call. */
const maxTogether = 1000
/** Messages that somebody whose link was lost is told of at most, and no more than a snapshot may hold. */
const maxMissed = 1000

/**
 * Makes the calls to the app of one notice of a room (spec/hipochat.md §5). Who is in the room is read now; ids are the
 * same however often this is repeated.
 */
export async function expandPush(rooms: RoomContext, notice: Notice): Promise<PushExpansion> {
  const body = readPushNotice(notice)
  if (body.tells === 'missed') return expandMissed(rooms, notice, body)
  const others = await waitingWith(rooms, notice, body)
  const replaces = others.map(({ id }) => id)
  const messages = [body, ...others.map(({ body: other }) => other)]
  const snapshot = await present(rooms, body)
  if (snapshot === undefined) return { replaces, calls: [] }
  messages.sort((a, b) => a.offset - b.offset)
  const calls = await callsFor(rooms, { snapshot, messages })
  return { replaces, calls: freeze(rooms, notice, calls) }
}

/** Further notices of the room that wait out their delay: all of them become one call. */
async function waitingWith(
  { core, settings }: RoomContext,
  notice: Notice,
  { room, epoch }: MessageNotice,
): Promise<{ id: string; body: MessageNotice }[]> {
  if (settings.talkPushDelayMs === 0) return []
  const until = core.clock.now() + settings.talkPushDelayMs
  const due = await core.stores.outbox.due({ now: until, limit: maxTogether })
  return due.flatMap((other) => {
    if (other.kind !== 'push' || other.id === notice.id) return []
    const body = readPushNotice(other)
    const isMate = body.tells === 'message' && body.room === room && body.epoch === epoch
    return isMate ? [{ id: other.id, body }] : []
  })
}

/** The room as it is, without messages; undefined where it has ended. */
async function present(
  { core }: RoomContext,
  { room, epoch }: { readonly room: string; readonly epoch: string },
): Promise<ChannelSnapshot | undefined> {
  const snapshot = await core.stores.channels.snapshot(room, { limit: 0, now: core.clock.now() })
  return snapshot?.head.epoch === epoch ? snapshot : undefined
}

/** Members who were away, by what of the messages each has not read. */
async function callsFor(
  rooms: RoomContext,
  of: { readonly snapshot: ChannelSnapshot; readonly messages: readonly MessageNotice[] },
): Promise<PushCall[]> {
  const { snapshot, messages } = of
  const here = new Map(snapshot.presence.map(({ user, from }) => [user, from]))
  const groups = new Map<string, PushCall & { receivers: { user: string; unread: number }[] }>()
  for await (const page of allMembers(rooms, snapshot.channel)) {
    for (const member of page) {
      const cameAt = here.get(member.user)
      // Whoever has come during the delay is shown the messages there.
      if (cameAt !== undefined && rooms.settings.talkPushDelayMs > 0) continue
      const news = unreadOnes(messages, member, cameAt)
      const newest = news.at(-1)
      if (newest === undefined) continue
      const key = `${newest.offset} ${news.length}`
      const group = groups.get(key) ?? {
        room: snapshot.channel,
        message: newest.message,
        messages: news.length,
        receivers: [],
      }
      group.receivers.push({ user: member.user, unread: unreadOf(snapshot, member.marker) })
      groups.set(key, group)
    }
  }
  // The members may have been those of a room that was made anew under the name meanwhile.
  const now = await present(rooms, { room: snapshot.channel, epoch: snapshot.head.epoch })
  return now !== undefined ? [...groups.values()].flatMap(inChunks) : []
}

/**
 * What was stored while the member was in the room is told by its leave, where it needs to be. Who has come in at `cameAt`,
 * just after a message, is told of it as well: a link that is lost before it has shown it would leave it untold.
 */
function unreadOnes(
  messages: readonly MessageNotice[],
  member: Member,
  cameAt = Number.POSITIVE_INFINITY,
): MessageNotice[] {
  const after = Math.max(member.marker.offset, member.away.offset)
  return messages.filter(
    ({ message, offset }) => message.user !== member.user && offset > after && offset <= cameAt,
  )
}

function inChunks(call: PushCall): PushCall[] {
  const chunks: PushCall[] = []
  for (let start = 0; start < call.receivers.length; start += maxReceivers) {
    chunks.push({ ...call, receivers: call.receivers.slice(start, start + maxReceivers) })
  }
  return chunks
}

function freeze(rooms: RoomContext, notice: Notice, calls: readonly PushCall[]): Notice[] {
  return calls.map((call, index) => pushNotice(rooms, call, `${notice.id}_${index}`))
}

function pushNotice({ core, settings }: RoomContext, call: PushCall, id: string): Notice {
  const { talkUserPrefix: prefix } = settings
  const shownName = (user: string) => (user.startsWith(prefix) ? user.slice(prefix.length) : user)
  const body = pushBody(call, id, shownName)
  return { id, kind: 'push_call', due: core.clock.now(), body, tries: 0 }
}

/** What somebody was sent, or might have been, over a link that was lost: told to that user alone. */
async function expandMissed(
  rooms: RoomContext,
  notice: Notice,
  missed: MissedNotice,
): Promise<PushExpansion> {
  const { room, user, epoch } = missed
  const nothing = { replaces: [], calls: [] }
  const snapshot = await present(rooms, missed)
  const member = snapshot === undefined ? undefined : await memberOf(rooms, room, user)
  if (snapshot === undefined || member === undefined) return nothing
  if (snapshot.presence.some((each) => each.user === user)) return nothing
  const after = Math.max(missed.from, member.marker.offset, missed.offset - maxMissed)
  if (after >= missed.offset) return nothing
  const entries = await readNewest(rooms.core, room, {
    epoch,
    before: missed.offset + 1,
    after,
    limit: maxMissed,
    scope: 'recovery',
  })
  const news = entries.filter((entry) => isNews(rooms, entry, user))
  const receivers = [{ user, unread: unreadOf(snapshot, member.marker) }]
  const callOf = (entry: Entry, messages: number): PushCall => ({
    room,
    message: pushedMessage(rooms, entry, entry.author.user ?? null),
    messages,
    receivers,
  })
  const newest = news.at(-1)
  if (newest === undefined) return nothing
  if (rooms.settings.talkPushDelayMs > 0) {
    return { replaces: [], calls: freeze(rooms, notice, [callOf(newest, news.length)]) }
  }
  // The same id for the same message and user, also where the next link is lost before it was read.
  const idOf = (entry: Entry) => `msg_${epoch}_${entry.offset}_${digestOf(user)}`
  const calls = news.map((entry) => pushNotice(rooms, callOf(entry, 1), idOf(entry)))
  return { replaces: [], calls }
}

function isNews(rooms: RoomContext, entry: Entry, user: string): boolean {
  return entry.kind === 'publish' && entry.author.user !== user && isNotifiable(rooms, entry)
}
