import type { Core } from '../core.ts'
import { Refusal } from '../errors.ts'
import type { ChannelOptions, UserOptions } from '../options.ts'
import { allNames } from '../paging.ts'
import type { ChannelSnapshot } from '../ports.ts'

/** A channel as the store has it. Throws Refusal `channel_missing`. */
export async function channelSnapshot(core: Core, channel: string): Promise<ChannelSnapshot> {
  const snapshot = await core.stores.channels.snapshot(channel, {
    limit: core.settings.maxPrefilledHistory,
    now: core.clock.now(),
  })
  if (snapshot === undefined) {
    throw new Refusal('channel_missing', `Channel ${channel} doesn't exist`)
  }
  return snapshot
}

/** Options as they are read back: an unset `moderated_…` flag shows the value of `moderated`. */
export function shownOptions(options: ChannelOptions): Record<string, unknown> {
  return {
    ...options,
    moderated_publish: options.moderated_publish ?? options.moderated,
    moderated_subscribe: options.moderated_subscribe ?? options.moderated,
    moderated_unsubscribe: options.moderated_unsubscribe ?? options.moderated,
  }
}

/** What the app may know of a user. */
export interface UserInfo {
  readonly name: string
  readonly channels: string[]
  readonly connections: string[]
  readonly options: UserOptions
}

/** A connected user. Throws Refusal `user_missing`. */
export async function userInfo(core: Core, user: string): Promise<UserInfo> {
  const record = await core.stores.users.snapshot(user)
  if (record === undefined || record.connections.length === 0) {
    throw new Refusal('user_missing', `User ${user} doesn't exist`)
  }
  return {
    name: user,
    channels: record.subscriptions.map((item) => item.channel),
    connections: record.connections.map((item) => item.id),
    options: record.options,
  }
}

/** Every channel's name and every connection's id, of all nodes. */
export async function serverInfo(
  core: Core,
): Promise<{ channels: string[]; connections: string[] }> {
  const { channels, users } = core.stores
  const names: string[] = []
  const connections: string[] = []
  for await (const name of allNames((page) => channels.list(page))) names.push(name)
  for await (const user of allNames((page) => users.list(page))) {
    const record = await users.snapshot(user)
    for (const connection of record?.connections ?? []) connections.push(connection.id)
  }
  return { channels: names, connections }
}
