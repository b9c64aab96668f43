import type { LocalChannel } from '../../src/core/local-channel.ts'
import { asks, type ChannelOptions } from '../../src/core/options.ts'
import type { ChannelSnapshot, UserRecord } from '../../src/core/ports.ts'
import type { ChannelView } from './channel-view.ts'
import type { ChannelLife } from './ledger.ts'
import { readPayload } from './payload.ts'
import type { World } from './simulate.ts'
import type { SimulatedClient } from './simulated-client.ts'

/** Holds everything against everything once nothing goes wrong any more and all waits are over. */
export async function checkAtRest(world: World): Promise<void> {
  const users = await readUsers(world)
  const channels = await readChannels(world)
  checkAnswers(world)
  checkConnections(world, users)
  checkSubscriptions(world, { users, channels })
  checkNodes(world, channels)
  for (const client of world.clients) checkClient(world, client, { users, channels })
  checkAbandoned(world, channels)
  checkGates(world)
  await checkNotices(world)
}

interface Truth {
  readonly users: ReadonlyMap<string, UserRecord>
  readonly channels: ReadonlyMap<string, ChannelSnapshot>
}

async function readUsers({ plan, store }: World): Promise<Map<string, UserRecord>> {
  const users = new Map<string, UserRecord>()
  for (const { name } of plan.users) {
    const record = await store.truth.users.snapshot(name)
    if (record !== undefined) users.set(name, record)
  }
  return users
}

async function readChannels({ plan, store, timeline }: World) {
  const channels = new Map<string, ChannelSnapshot>()
  for (const { name } of plan.channels) {
    const query = { limit: 0, now: timeline.now }
    const snapshot = await store.truth.channels.snapshot(name, query)
    if (snapshot !== undefined) channels.set(name, snapshot)
  }
  return channels
}

/** Everybody is in, and every frame has its answer. */
function checkAnswers({ judge, clients }: World): void {
  for (const client of clients.filter((each) => each.isOnline)) {
    if (client.stage !== 'connected') {
      judge.violated('rest', `${client.name} is still ${client.stage}`)
    }
    for (const [id, { name, args }] of client.outstanding) {
      const frame = `${id} ${name} ${JSON.stringify(args)}`
      judge.violated('G5', `${client.name} has had no answer to ${frame}`)
    }
  }
}

/** The records hold exactly the connections that there are. */
function checkConnections({ judge, clients, talkers }: World, users: Truth['users']): void {
  const online = [...clients, ...talkers].filter((client) => client.isOnline)
  for (const [name, record] of users) {
    const held = record.connections.map((item) => item.id).sort()
    const real = online.filter((client) => client.user === name).map((client) => client.connection)
    if (!isEqual(held, real.sort())) {
      judge.violated('G8', `${name} is held to have ${held}, and has ${real}`)
    }
    if (record.intents.length > 0) {
      judge.violated('G8', `${name} has open intents ${JSON.stringify(record.intents)}`)
    }
  }
  for (const client of online) {
    if (!users.has(client.user)) judge.violated('G8', `${client.user} has no record`)
  }
}

/** Channels and users tell the same of who is in. */
function checkSubscriptions({ judge }: World, { users, channels }: Truth): void {
  for (const [name, channel] of channels) {
    const said = channel.presence.map((item) => `${item.user}:${item.generation}`).sort()
    const meant = [...users.values()].flatMap((user) =>
      user.subscriptions
        .filter((item) => item.channel === name)
        .map((item) => `${user.name}:${item.generation}`),
    )
    if (!isEqual(said, meant.sort())) {
      judge.violated('G8', `${name} says ${said} are in, their records say ${meant}`)
    }
  }
  for (const user of users.values()) {
    for (const { channel } of user.subscriptions) {
      if (!channels.has(channel)) {
        judge.violated('G8', `${user.name} is in ${channel}, which does not exist`)
      }
    }
  }
}

/** Every node sees its channels as the store has them. */
function checkNodes({ judge, nodes }: World, channels: Truth['channels']): void {
  for (const node of nodes) {
    for (const channel of node.running?.core.hub.channels.values() ?? []) {
      const truth = channels.get(channel.name)
      const said = JSON.stringify(describeLocal(channel))
      const meant = JSON.stringify(truth === undefined ? 'none' : describeTrue(truth))
      if (said !== meant) judge.violated('rest', `${node.nodeId} has ${said}, the store ${meant}`)
    }
  }
}

function describeLocal(channel: LocalChannel) {
  const { name, head, optionsVersion } = channel
  return {
    name,
    head: [head.epoch, head.offset, head.version, head.count],
    optionsVersion,
    state: [...channel.state].sort(),
    presence: [...channel.presence.keys()],
  }
}

function describeTrue(snapshot: ChannelSnapshot): ReturnType<typeof describeLocal> {
  const { channel: name, head, optionsVersion } = snapshot
  return {
    name,
    head: [head.epoch, head.offset, head.version, head.count],
    optionsVersion,
    state: [...snapshot.state].map(([key, json]): [string, string] => [key, json]).sort(),
    presence: snapshot.presence.map((item) => item.user),
  }
}

/** The client shows what is true. */
function checkClient(world: World, client: SimulatedClient, { users, channels }: Truth): void {
  if (!client.isOnline) return
  const { judge } = world
  const record = users.get(client.user)
  const meant = (record?.subscriptions ?? [])
    .filter((item) => item.connections.some(({ id }) => id === client.connection))
    .map((item) => item.channel)
    .sort()
  const shown = [...client.views.keys()].sort()
  if (!isEqual(shown, meant)) {
    judge.violated('G8', `${client.name} shows channels ${shown}, its user is in ${meant}`)
  }
  for (const view of client.views.values()) {
    const channel = channels.get(view.channel)
    if (channel !== undefined) checkView(world, { client, view, channel })
  }
}

function checkView(
  { judge }: World,
  shown: { client: SimulatedClient; view: ChannelView; channel: ChannelSnapshot },
): void {
  const { client, view, channel } = shown
  view.checkComplete()
  const state = [...view.state].sort()
  const trueState = [...channel.state].map(([key, json]) => [key, json]).sort()
  if (JSON.stringify(state) !== JSON.stringify(trueState)) {
    const text = `state ${JSON.stringify(state)}, true is ${JSON.stringify(trueState)}`
    judge.violated('state', `${client.name} shows in ${view.channel} ${text}`)
  }
  if (!channel.options.presenceful) return
  const present = channel.presence.map((item) => item.user).sort()
  const seen = [...(view.presence ?? [])].sort()
  if (!isEqual(seen, present)) {
    judge.violated('G8', `${client.name} shows ${seen} in ${view.channel}, true is ${present}`)
  }
}

/** Who watches users sees them; what is empty and may go is gone. */
function checkAbandoned(world: World, channels: Truth['channels']): void {
  const { judge, plan, nodes } = world
  for (const [name, channel] of channels) {
    const keeps = plan.channels.find((each) => each.name === name)?.keeps === true
    const isUsed = channel.presence.length > 0 || (channel.room?.members ?? 0) > 0
    if (channel.everSubscribed && !isUsed && !keeps) {
      judge.violated('rest', `${name} is empty and was not destroyed`)
    }
    // Where nobody looks, nobody puts it right.
    const isHeld = nodes.some((node) => node.running?.core.hub.channels.has(name))
    if (channel.options.server_presenceful && isHeld) checkWatched(world, channel)
  }
}

function checkWatched({ judge, clients, talkers }: World, channel: ChannelSnapshot): void {
  const here = [...clients, ...talkers].filter((each) => each.isOnline)
  const online = new Set(here.map((each) => each.user))
  for (const user of channel.options.server_user_presence) {
    const said = channel.state.find(([key]) => key === user)?.[1]
    if (said === String(online.has(user))) continue
    judge.violated('state', `${channel.channel} says of ${user} ${said}, that is not so`)
  }
}

/** Nothing was done that the app did not allow (G5). Rooms have rules of their own. */
function checkGates(world: World): void {
  for (const channel of world.plan.channels.filter(({ room }) => room === undefined)) {
    // None of the options that a run changes is about moderation.
    const rule = channel.options as unknown as ChannelOptions
    for (const life of world.store.ledger.lives.get(channel.name) ?? []) {
      if (asks(rule, 'publish')) checkPublishes(world, life)
      if (asks(rule, 'subscribe')) checkComings(world, life)
    }
  }
}

function checkPublishes({ judge, app }: World, { channel, entries }: ChannelLife): void {
  for (const { kind, content, given } of entries) {
    if (kind !== 'publish' || given !== undefined || readPayload(content).author === 'app') continue
    if (app.allowedPublishes(channel, content) > 0) continue
    judge.violated('G5', `${content} stands in ${channel} without the app's leave`)
  }
}

function checkComings({ judge, plan, app }: World, { channel, comings }: ChannelLife): void {
  for (const { name, answer } of plan.users) {
    // Nobody is asked about who comes by a list.
    if (answer['auto_subscribe'] !== undefined) continue
    const times = comings.get(name) ?? 0
    const allowed = app.allowedJoins(channel, name)
    if (times <= allowed) continue
    judge.violated('G5', `${name} came ${times} times into ${channel}, allowed were ${allowed}`)
  }
}

/** Each last connection's end was told, under one id (G8). */
async function checkNotices({ judge, store, app }: World): Promise<void> {
  const { waiting, dead } = await store.truth.outbox.stats()
  if (waiting > 0) judge.violated('G8', `${waiting} notices wait`)
  if (dead > 0) judge.violated('G8', `${dead} notices were given up`)
  const ids = new Set<string>()
  for (const { user, notice } of store.ledger.partings) {
    if (ids.has(notice.id)) judge.violated('G8', `two partings share the id ${notice.id}`)
    ids.add(notice.id)
    const told = app.told.get(notice.id)
    if (told === undefined) judge.violated('G8', `the app was not told that ${user} has gone`)
    else if ((JSON.parse(told.body) as { name: string }).name !== user) {
      judge.violated('G8', `the app was told ${told.body} of ${user}`)
    }
  }
}

function isEqual(one: readonly string[], other: readonly string[]): boolean {
  return one.length === other.length && one.every((item, index) => item === other[index])
}
