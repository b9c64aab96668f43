import type { EntryDraft } from '../../../src/core/entry.ts'
import { type ChannelOptions, defaultChannelOptions } from '../../../src/core/options.ts'
import type {
  ChannelChange,
  ChannelCommitResult,
  ChannelCommitted,
  ChannelExpectation,
  Marker,
  MemberQuery,
  Notice,
  PublishClaim,
  Stores,
  UserChange,
  UserCommitResult,
} from '../../../src/core/ports.ts'

/** A time that tests count from, Unix milliseconds. */
export const start = 1_790_000_000_000

/** Names that a careless key scheme would mix up (spec/safety.md §2). */
export const awkwardNames = [
  '}',
  '{',
  'a}:log',
  'a',
  ':',
  '%',
  '!',
  '"',
  'a!b',
  'a/b',
  '..',
  '__proto__',
  'constructor',
  'toString',
  '😀',
  '😀😀',
  'é',
  'e\u0301',
  'ÿÿ',
]

/** Unlimited limits of a create. */
export const noLimits = { channels: 1_000_000, perCreator: 1000 }

type Create = Extract<ChannelChange, { change: 'create' }>

/** A create of epoch `e1` with history. */
export function create(
  options: Partial<ChannelOptions> = {},
  more: Partial<Omit<Create, 'options' | 'change'>> = {},
): Create {
  return {
    change: 'create',
    epoch: 'e1',
    options: { ...defaultChannelOptions, history_size: 10, ...options },
    state: [],
    history: [],
    staticHistory: [],
    limits: noLimits,
    ...more,
  }
}

/** A publish of JSON text. */
export function publishDraft(id: string, more: Partial<EntryDraft> = {}): EntryDraft {
  return {
    kind: 'publish',
    id,
    at: start,
    author: { user: 'ann', connection: 'c'.repeat(32) },
    content: `{"id":${JSON.stringify(id)}}`,
    encoding: 'json',
    ...more,
  }
}

/** An `entry` change. */
export function entry(id: string, more: Partial<EntryDraft> = {}): ChannelChange {
  return { change: 'entry', draft: publishDraft(id, more) }
}

/** A claim of `ann`. */
export function claimOf(id: string, more: Partial<PublishClaim> = {}): PublishClaim {
  return { user: 'ann', id, digest: `digest of ${id}`, ...more }
}

/** An enter or leave without entry. */
export function presence(
  change: 'enter' | 'leave',
  user: string,
  generation: number,
): ChannelChange {
  return { change, user, generation, at: start }
}

/** A create of a room of epoch `e1`. */
export function createRoom(
  room: { closed: boolean; madeFor?: string } = { closed: false },
  options: Partial<ChannelOptions> = {},
): Create {
  return create({ history_publish_only: true, ...options }, { room })
}

/** Adds or removes a member. */
export function member(
  act: 'add' | 'remove',
  user: string,
): Extract<ChannelChange, { change: 'member' }> {
  return { change: 'member', act, user, at: start }
}

/** A place in a log. */
export function place(offset: number, count: number): Marker {
  return { offset, count }
}

/** Moves a read marker, `left` or `away`; where every entry counts unless said otherwise. */
export function marker(
  user: string,
  offset: number,
  ...[count = offset, change = 'marker']: [count?: number, change?: 'marker' | 'left' | 'away']
): ChannelChange {
  return { change, user, marker: { offset, count } }
}

/** Moves a read marker to the head as the commit has made it. */
export function toHead(user: string): ChannelChange {
  return marker(user, Number.MAX_SAFE_INTEGER)
}

/** Short calls on one channel of a store. */
export function channelOf(stores: Stores, name = 'room') {
  const commit = (
    changes: readonly ChannelChange[],
    options: { expect?: ChannelExpectation; now?: number } = {},
  ): Promise<ChannelCommitResult> =>
    stores.channels.commit(name, {
      expect: options.expect ?? {},
      changes,
      now: options.now ?? start,
    })
  return {
    name,
    commit,
    create: (change: Create = create()) => commit([change], { expect: { absent: true } }),
    /** Commits and answers what was committed; anything else is a failed test. */
    done: async (changes: readonly ChannelChange[], now = start): Promise<ChannelCommitted> =>
      committedOf(await commit(changes, { now })),
    snapshot: (
      query: { limit?: number; now?: number; since?: { epoch: string; offset: number } } = {},
    ) => stores.channels.snapshot(name, { limit: 1000, now: start, ...query }),
    history: (query: Partial<Parameters<Stores['channels']['history']>[1]> = {}) =>
      stores.channels.history(name, {
        epoch: 'e1',
        limit: 1000,
        scope: 'shown',
        now: start,
        ...query,
      }),
    members: (query: Partial<MemberQuery>) =>
      stores.channels.members(name, { limit: 1000, ...query }),
  }
}

/** What a commit changed; throws where it was not committed. */
export function committedOf(result: ChannelCommitResult): ChannelCommitted {
  if (result.outcome !== 'committed') throw new Error(`not committed: ${JSON.stringify(result)}`)
  return result.committed
}

/** Short calls on one user of a store. */
export function userOf(stores: Stores, name = 'ann') {
  const commit = (
    changes: readonly UserChange[],
    options: { holds?: string; now?: number } = {},
  ): Promise<UserCommitResult> => stores.users.commit(name, { changes, now: start, ...options })
  return {
    name,
    commit,
    done: async (changes: readonly UserChange[], now = start) => {
      const result = await commit(changes, { now })
      if (result.outcome !== 'committed') throw new Error('not committed')
      return result
    },
    snapshot: () => stores.users.snapshot(name),
  }
}

/** A `connect` of one connection. */
export function connect(
  id: string,
  more: { inherit?: boolean; node?: string; only?: string } = {},
): UserChange {
  const { inherit = true, node = 'n1', only } = more
  const link = { id, node, protocol: 'hookbox', address: '127.0.0.1' }
  const connection = only === undefined ? link : { ...link, only }
  return { change: 'connect', connection, inherit }
}

/** A `subscribe` without a limit that matters. */
export function subscribe(channel: string, connection = 'all', max = 1000): UserChange {
  return { change: 'subscribe', channel, connection, max }
}

/** A `disconnect` notice. */
export function notice(id: string, due = start): Notice {
  return { id, kind: 'disconnect', due, body: '{"name":"ann"}', tries: 0 }
}

/** Ids of entries, in order. */
export function ids(entries: readonly { id: string }[] | undefined): string[] {
  return (entries ?? []).map((each) => each.id)
}

/** `1 … count`. */
export function upTo(count: number): number[] {
  return Array.from({ length: count }, (_, index) => index + 1)
}
