import { attach } from './attach.ts'
import type { Connection } from './connection.ts'
import type { Core } from './core.ts'
import { Refusal } from './errors.ts'
import type { Event } from './event.ts'
import { userChannelLane } from './lanes.ts'
import type { LocalChannel } from './local-channel.ts'
import type { LocalUser } from './local-user.ts'
import { forgetSubscription } from './operations/forget-subscription.ts'
import type { UserSubscription } from './ports.ts'

const retryMs = 1000

/** What came with the act that is being carried out here. */
interface Arrival {
  readonly initialData?: string
}

/**
 * Makes this node's connections of a user be in exactly the channels that the user's record says. Subscribing and
 * unsubscribing end here on every node, whoever did them; each connection hears its SUBSCRIBE or UNSUBSCRIBE.
 */
export async function reconcileAll(
  core: Core,
  user: LocalUser,
  initial?: { channel: string; json: string },
): Promise<void> {
  const names = [...user.affectedChannels()]
  await Promise.all(
    names.map((name) =>
      reconcile(core, user, {
        channel: name,
        ...(initial?.channel === name ? { initialData: initial.json } : {}),
      }),
    ),
  )
}

/** The same for one channel; in order with everything else that concerns this user and channel here. */
export function reconcile(
  core: Core,
  user: LocalUser,
  arrival: Arrival & { channel: string },
): Promise<void> {
  return core.reconcileLanes.run(userChannelLane(user.name, arrival.channel), async () => {
    const subscription = user.subscription(arrival.channel)
    detachOutdated(core, user, { channel: arrival.channel, subscription })
    // A join that its channel has not confirmed yet is carried out first: the snapshot shows the user as present.
    if (subscription?.joined === undefined) return
    try {
      await attachMissing(core, user, { subscription, arrival })
    } catch (error) {
      // Nothing that happens later need bring them here again.
      core.clock.after(retryMs, () => {
        if (core.stopping() || core.hub.users.get(user.name) !== user) return
        core.background('reconcile', reconcile(core, user, arrival))
      })
      throw error
    }
  })
}

async function attachMissing(
  core: Core,
  user: LocalUser,
  coming: { subscription: UserSubscription; arrival: Arrival },
): Promise<void> {
  const missing = missingConnections(user, coming.subscription)
  if (missing.length === 0) return
  const channel = await present(core, user.name, coming.subscription)
  if (channel === undefined) {
    // The record has just been corrected: whoever is still shown the channel is told.
    detachOutdated(core, user, {
      channel: coming.subscription.channel,
      subscription: user.subscription(coming.subscription.channel),
    })
    return
  }
  const placed = await Promise.allSettled(
    missing.map((connection) => place(core, { ...coming, channel, connection })),
  )
  // Only when all are over may the lane go on: a late one would undo what comes after it.
  for (const outcome of placed) if (outcome.status === 'rejected') throw outcome.reason
}

function detachOutdated(
  core: Core,
  user: LocalUser,
  place: { channel: string; subscription: UserSubscription | undefined },
): void {
  const { subscription } = place
  const wanted = new Set(subscription?.connections.map((connection) => connection.id))
  for (const connection of user.connections.values()) {
    const attached = connection.channels.get(place.channel)
    const isCurrent = attached === undefined || attached.generation === subscription?.generation
    if (wanted.has(connection.id) && isCurrent) continue
    connection.channels.delete(place.channel)
    attached?.channel.subscribers.remove(connection)
    if (!connection.shown.delete(place.channel)) continue
    const at = core.clock.now()
    const { channel } = place
    const event: Event = { event: 'leave', channel, user: user.name, at }
    core.delivery.tell([connection], event)
    if (connection.only !== channel) continue
    // Whoever has taken this node for dead has ended the connection, not the user's place in the room.
    const isHeld = user.record?.connections.some(({ id }) => id === connection.id) === true
    connection.close(new Refusal(isHeld ? 'shut_out' : 'expired'))
  }
}

function missingConnections(user: LocalUser, subscription: UserSubscription): Connection[] {
  const missing: Connection[] = []
  for (const { id } of subscription.connections) {
    const connection = user.connections.get(id)
    if (connection === undefined || connection.stage === 'closed') continue
    if (!connection.channels.has(subscription.channel)) missing.push(connection)
  }
  return missing
}

/** The channel, in which the user is; a record that says otherwise (the channel was made anew) is corrected. */
async function present(
  core: Core,
  user: string,
  subscription: UserSubscription,
): Promise<LocalChannel | undefined> {
  const known = await core.hub.channel(subscription.channel)
  if (known?.presence.has(user)) return known
  await known?.heal()
  // What was known may be a former life of the channel: the user is in the present one.
  const channel = known?.gone ? await core.hub.channel(subscription.channel) : known
  if (channel !== undefined && !channel.gone && channel.presence.has(user)) return channel
  await forgetSubscription(core, user, subscription)
  return undefined
}

async function place(
  core: Core,
  at: {
    channel: LocalChannel
    connection: Connection
    subscription: UserSubscription
    arrival: Arrival
  },
): Promise<void> {
  const { channel, connection, subscription, arrival } = at
  const { generation, joined } = subscription
  const attachment = { channel, generation }
  connection.channels.set(channel.name, attachment)
  const own = subscription.connections.find((item) => item.id === connection.id)
  const cameWithJoin = own?.generation === generation && joined !== undefined && joined > 0
  let attached = false
  try {
    attached = await attach(core, channel, {
      connection,
      ...(arrival.initialData === undefined ? {} : { initialData: arrival.initialData }),
      ...(cameWithJoin ? { ownJoin: joined } : {}),
    })
  } finally {
    if (!attached && connection.channels.get(channel.name) === attachment) {
      connection.channels.delete(channel.name)
    }
  }
}
