import { Refusal } from '../../src/core/errors.ts'
import type { Rooms } from '../../src/rooms/rooms.ts'
import { readPayload } from './payload.ts'
import { quietType } from './plan-rooms.ts'
import type { RoomLife, RoomMessage } from './room-life.ts'
import type { World } from './simulate.ts'

/** Holds rooms against what was said and done in them, once nothing goes wrong any more and all waits are over. */
export async function checkRoomsAtRest(world: World): Promise<void> {
  for (const { name, room } of world.plan.channels) {
    if (room === undefined) continue
    checkSubscribers(world, name)
    checkSpeakers(world, name)
    const life = world.store.ledger.rooms.living(name)
    if (life === undefined) continue
    await checkMembers(world, name, life)
    await checkUnread(world, name, life)
    await checkShutOut(world, name, life)
    checkTold(world, name, life)
  }
  checkLinks(world)
}

/** The store has the members and markers that the rules give. */
async function checkMembers(world: World, room: string, life: RoomLife): Promise<void> {
  const { judge, store } = world
  const { members } = await store.truth.channels.members(room, { limit: 1000 })
  const said = members.map(({ user, marker }) => `${user} ${marker.offset}`).sort()
  const meant = [...life.members].map(([user, { read }]) => `${user} ${read}`).sort()
  if (said.join() !== meant.join()) {
    judge.violated('rooms', `${room} has members ${said}, should have ${meant}`)
  }
}

/** Everybody who asks is told how many messages it has not read. */
async function checkUnread(world: World, room: string, life: RoomLife): Promise<void> {
  const { judge, talkers } = world
  const listening = new Set(
    talkers.filter((each) => each.isOnline && each.view?.room === room).map(({ user }) => user),
  )
  for (const user of life.members.keys()) {
    const said = await ask(world, (rooms) => rooms.unread(room, { user }))
    const meant = listening.has(user) ? 0 : life.unreadOf(user)
    if (said !== meant) {
      judge.violated('rooms', `${user} has ${String(said)} unread in ${room}, true is ${meant}`)
    }
  }
}

/** Whoever was removed, and in a closed room whoever is no member, can do nothing there and is not in. */
async function checkShutOut(world: World, room: string, life: RoomLife): Promise<void> {
  const { judge, plan } = world
  const isOut = (user: string) => life.closed || life.bans.isOpen(user)
  for (const { name: user } of plan.users) {
    if (life.members.has(user) || !isOut(user)) continue
    const said = await ask(world, (rooms) => rooms.old(room, user))
    const code = said instanceof Refusal ? said.code : 'here it is'
    if (code !== 'not_member') judge.violated('rooms', `${room} tells ${user}: ${code}`)
    checkGone(world, life, { room, user })
  }
}

/** Whoever is in by Hookbox has come since its removal, past the app's hook. */
function checkGone(
  { judge, store }: World,
  life: RoomLife,
  { room, user }: { room: string; user: string },
): void {
  const { rooms } = store.ledger
  const removedAt = life.bans.since(user)
  const since = rooms.sharedSince(room, user)
  if (removedAt === undefined || since === undefined || since >= removedAt) return
  judge.violated('rooms', `${user} was removed from ${room} and stays in`)
}

/** What some node answers, or refuses with. */
async function ask(world: World, act: (rooms: Rooms) => Promise<unknown>): Promise<unknown> {
  const rooms = world.nodes.find((each) => each.rooms !== undefined)?.rooms
  let said: unknown = 'no answer'
  const take = (answer: unknown) => {
    said = answer
  }
  if (rooms !== undefined) act(rooms).then(take, take)
  await world.timeline.pass(200)
  return said
}

/** Nobody comes by Hookbox whom the app was not asked about, also where the user talks there. */
function checkSubscribers({ judge, app, plan, store }: World, room: string): void {
  for (const { name } of plan.users) {
    const times = store.ledger.rooms.sharedComings(room, name)
    const allowed = app.allowedJoins(room, name)
    if (times <= allowed) continue
    judge.violated('G5', `${name} came ${times} times into ${room}, allowed were ${allowed}`)
  }
}

/** What Hookbox clients said was let pass, and what talk clients said was not asked about. */
function checkSpeakers({ judge, app, store }: World, room: string): void {
  const entries = (store.ledger.lives.get(room) ?? []).flatMap((life) => life.entries)
  for (const { kind, content, given } of entries) {
    if (kind !== 'publish' || given !== undefined) continue
    const { author } = readPayload(content)
    const mustAsk = author.startsWith('k')
    const mayAsk = mustAsk || author === 'app'
    const isAsked = app.allowedPublishes(room, content) > 0
    if (mustAsk && !isAsked) {
      judge.violated('G5', `${content} stands in ${room} without the app's leave`)
    }
    if (isAsked && !mayAsk) judge.violated('hooks', `the app was asked about ${content}`)
  }
}

/** Each member heard of each message that it has not read: from a client, or from the app. */
function checkTold(world: World, room: string, life: RoomLife): void {
  for (const [user, { read, joined }] of life.members) {
    for (const message of life.after(Math.max(read, joined))) {
      if (hasHeard(world, life, { room, user, message })) continue
      const { offset, said, storedAt } = message
      const place = life.stays.touches(user, storedAt, storedAt) ? 'in' : 'away'
      world.judge.violated(
        'push',
        `${user}, then ${place}, never heard of ${offset} ${said} in ${room}`,
      )
    }
  }
}

function hasHeard(
  world: World,
  life: RoomLife,
  at: { room: string; user: string; message: RoomMessage },
): boolean {
  const { room, user, message } = at
  if (message.author === user || !isNotifiable(world, message)) return true
  const { rooms } = world.store.ledger
  const { offset, said } = message
  return (
    rooms.hasHeard(room, user, { epoch: life.epoch, offset, said }) ||
    rooms.pushes.ids(room, user, said).size > 0 ||
    wentSince(life, { user, message }) ||
    cameMeanwhile(world, life, { user, message })
  )
}

function isNotifiable({ plan }: World, { type }: RoomMessage): boolean {
  return type !== quietType || plan.settings.talkNotifiableTypes.length === 0
}

/** The member was in when the message was stored, and was taken out by a wish of its page or the app. */
function wentSince(
  life: RoomLife,
  { user, message }: { user: string; message: RoomMessage },
): boolean {
  const { storedAt, offset } = message
  return life.stays.touches(user, storedAt, storedAt) && offset <= (life.wentAt.get(user) ?? 0)
}

/** The member was away when the message was stored, and in when it was to be pushed. */
function cameMeanwhile(
  { store }: World,
  life: RoomLife,
  { user, message }: { user: string; message: RoomMessage },
): boolean {
  const { storedAt, notice } = message
  if (notice === undefined || life.stays.touches(user, storedAt, storedAt)) return false
  const expandedAt = store.ledger.rooms.pushes.expandedAt(notice)
  return expandedAt !== undefined && life.stays.touches(user, storedAt, expandedAt)
}

/** Open links of talk are in their room, and have been told everything. */
function checkLinks({ talkers, store, judge }: World): void {
  for (const { isOnline, user, name, view } of talkers) {
    if (!isOnline || view === undefined) continue
    view.checkComplete()
    const life = store.ledger.rooms.living(view.room)
    if (!life?.members.has(user)) judge.violated('rooms', `${name} of ${user} is no member`)
    if (!life?.stays.isOpen(user))
      judge.violated('rooms', `${name} of ${user} is not in ${view.room}`)
  }
}
