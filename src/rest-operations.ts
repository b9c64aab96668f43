import type { Core } from './core/core.ts'
import { Refusal } from './core/errors.ts'
import { createChannel } from './core/operations/create-channel.ts'
import { destroyChannel } from './core/operations/destroy-channel.ts'
import { disconnectConnection, disconnectUser } from './core/operations/disconnect.ts'
import { channelSnapshot, serverInfo, shownOptions, userInfo } from './core/operations/info.ts'
import { message } from './core/operations/message.ts'
import { publish } from './core/operations/publish.ts'
import { publishBatch } from './core/operations/publish-batch.ts'
import { setChannelOptions } from './core/operations/set-channel-options.ts'
import { setUserOptions } from './core/operations/set-user-options.ts'
import { patchState } from './core/operations/state.ts'
import { subscribe } from './core/operations/subscribe.ts'
import { unsubscribe } from './core/operations/unsubscribe.ts'
import type { Published } from './core/published.ts'
import type {
  RestChannelInfo,
  RestNotices,
  RestOperations,
  RestOutcome,
  RestPublish,
  RestPublished,
} from './http/rest/operations.ts'
import { formatLocalTime } from './protocols/hookbox/datetime.ts'
import { entryToHistory, pairsToJson } from './protocols/hookbox/encoder1.ts'
import { createRoomOperations } from './rest-room-operations.ts'
import type { Rooms } from './rooms/rooms.ts'

/**
 * What REST can have done, carried out by the core's operations: the same ones that frames end in. Without rooms their
 * methods are unknown.
 */
export function createRestOperations(
  core: Core,
  setConfig: RestOperations['setConfig'],
  rooms?: Rooms,
): RestOperations {
  return {
    ...createRoomOperations(core, rooms),
    publish: (command) => publishForApp(core, command),
    publishBatch: (commands) => publishBatchForApp(core, commands),
    subscribe: (command) => subscribe(core, command),
    unsubscribe: (command) => unsubscribeForApp(core, command),
    message: (command) => message(core, command),
    createChannel: (command) => createChannel(core, command),
    destroyChannel: (command) => destroyChannel(core, command),
    setChannelOptions: (command) => setChannelOptions(core, command),
    setState: ({ channel, key, value }) =>
      patchState(core, { channel, key, json: JSON.stringify(value) }),
    deleteState: ({ channel, key }) => patchState(core, { channel, key, json: undefined }),
    channelInfo: (channel) => describeChannel(core, channel),
    userInfo: async (user) => {
      const info = await userInfo(core, user)
      return { ...info, options: { ...info.options } }
    },
    setUserOptions: (command) => setUserOptions(core, command),
    serverInfo: () => serverInfo(core),
    disconnect: (connection) => disconnectConnection(core, connection),
    disconnectUser: (user) => disconnectUser(core, user),
    notices: (query) => deadNotices(core, query),
    replayNotice: (id) => replayNotice(core, id),
    setConfig,
  }
}

async function publishForApp(core: Core, command: RestPublish): Promise<RestPublished> {
  const { channel, payload, originator, hook, id } = command
  try {
    const published = await publish(
      core,
      { kind: 'app', originator, hook },
      { channel, payload, ...(id === undefined ? {} : { id }) },
    )
    return describePublished(published)
  } catch (error) {
    if (isIgnored(error, command)) return {}
    throw error
  }
}

async function publishBatchForApp(
  core: Core,
  commands: readonly RestPublish[],
): Promise<readonly RestOutcome[]> {
  const outcomes = await publishBatch(core, commands)
  return outcomes.map((outcome, index) =>
    'error' in outcome && isIgnored(outcome.error, commands[index]) ? { published: {} } : outcome,
  )
}

function isIgnored(error: unknown, command: RestPublish | undefined): boolean {
  const missing = error instanceof Refusal && error.code === 'channel_missing'
  return missing && command?.ifMissing === 'ignore'
}

function describePublished(published: Published): RestPublished {
  const { at, epoch, offset, duplicate } = published
  if (epoch === undefined || offset === undefined) return {}
  return {
    offset,
    epoch,
    datetime: formatLocalTime(at),
    ...(duplicate === undefined ? {} : { duplicate }),
  }
}

async function unsubscribeForApp(
  core: Core,
  command: { channel: string; user: string; hook: 'ask' | 'skip' },
): Promise<void> {
  await userInfo(core, command.user)
  await unsubscribe(core, command)
}

async function describeChannel(core: Core, name: string): Promise<RestChannelInfo> {
  const snapshot = await channelSnapshot(core, name)
  const { options } = snapshot
  return {
    name,
    options: {
      ...shownOptions(options),
      history: snapshot.history.map((entry) => JSON.parse(entryToHistory(entry)) as unknown),
      state: JSON.parse(pairsToJson(snapshot.state)) as unknown,
    },
    subscribers: snapshot.presence.map((item) => item.user),
    historySize: options.history_size,
    reflective: options.reflective,
  }
}

async function deadNotices(
  core: Core,
  query: { limit: number; after?: string },
): Promise<RestNotices> {
  const { outbox } = core.stores
  const [page, stats] = await Promise.all([outbox.dead(query), outbox.stats()])
  const notices = page.notices.map(({ id, kind, due, tries, body }) => ({
    id,
    kind,
    due: new Date(due).toISOString(),
    tries,
    body: JSON.parse(body) as unknown,
  }))
  return { notices, ...(page.next === undefined ? {} : { next: page.next }), ...stats }
}

/** The outbox worker finds it within a second. */
async function replayNotice(core: Core, id: string): Promise<void> {
  const replayed = await core.stores.outbox.replay(id)
  if (!replayed) throw new Refusal('notice_missing', `Notice ${id} doesn't exist`)
}
