import type { CoreParts } from '../../src/core/core.ts'
import type { Head } from '../../src/core/entry.ts'
import type {
  ChannelChange,
  ChannelCommit,
  ChannelCommitResult,
  ChannelStore,
  UserCommit,
} from '../../src/core/ports.ts'

/** Parts broken on purpose, to see that the checker notices. */

/** The store as a core would see it that ignores claims of publish ids. */
export function forgetClaims(parts: CoreParts): CoreParts {
  return withCommit(parts, (store) => (channel, commit) => {
    const changes = commit.changes.filter((each) => each.change !== 'claim').map(withoutClaim)
    return store.commit(channel, { ...commit, changes })
  })
}

function withoutClaim(change: ChannelChange): ChannelChange {
  return change.change === 'entry' ? { change: 'entry', draft: change.draft } : change
}

/** Publishes are answered as soon as their place can be guessed; they become durable later, if at all. */
export function answerBeforeDurable(parts: CoreParts): CoreParts {
  return withCommit(parts, (store) => {
    const heads = new Map<string, Head>()
    const note = (channel: string, result: ChannelCommitResult): void => {
      if (result.outcome === 'committed') heads.set(channel, result.committed.head)
    }
    return async (channel, commit) => {
      const guess = guessed(channel, commit, heads.get(channel))
      const real = store.commit(channel, commit)
      if (guess === undefined) {
        const result = await real
        note(channel, result)
        return result
      }
      note(channel, guess)
      real.catch(() => {})
      return guess
    }
  })
}

function guessed(
  channel: string,
  commit: ChannelCommit,
  prev: Head | undefined,
): ChannelCommitResult | undefined {
  const [change] = commit.changes
  if (prev === undefined || change?.change !== 'entry') return undefined
  const head = { ...prev, offset: prev.offset + 1, count: prev.count + 1 }
  const { epoch, offset, count } = head
  return {
    outcome: 'committed',
    committed: {
      channel,
      prev,
      head,
      entries: [{ ...change.draft, epoch, offset, count }],
      entered: [],
      left: [],
    },
    first: false,
    last: false,
  }
}

/** The app's refusals of publishes do not reach the core. */
export function losePublishVerdicts(parts: CoreParts): CoreParts {
  const { app } = parts
  return {
    ...parts,
    app: {
      tell: (notice, context) => app.tell(notice, context),
      ask: async (gate) => {
        const verdict = await app.ask(gate)
        return gate.hook === 'publish' ? { ...verdict, allowed: true } : verdict
      },
    },
  }
}

/** Whoever says something in a room has not read what was said before. */
export function leaveAuthorsBehind(parts: CoreParts): CoreParts {
  return withoutChanges(parts, ({ change }, all) => {
    return change === 'marker' && all.some((each) => each.change === 'entry')
  })
}

/** Nobody is told what a lost link may not have brought. */
export function loseMissedNotices(parts: CoreParts): CoreParts {
  return withoutChanges(parts, (each) => {
    return each.change === 'notice' && each.notice.body.includes('"tells":"missed"')
  })
}

/** What came while a member was in the room is pushed to it as if it had been away, and by its leave too. */
export function forgetWhoWasIn(parts: CoreParts): CoreParts {
  return withoutChanges(parts, ({ change }) => change === 'away')
}

/** Closed rooms are open, and so are all others to those who were removed. */
export function openAllDoors(parts: CoreParts): CoreParts {
  return withCommit(parts, (store) => (channel, commit) => {
    const { admits: _admits, ...expect } = commit.expect
    return store.commit(channel, { ...commit, expect })
  })
}

/** Those who were removed stay where they are. */
export function removeNobody(parts: CoreParts): CoreParts {
  const { users } = parts.stores
  const sabotaged = new Proxy(users, {
    get: (target, key) =>
      key === 'commit'
        ? (user: string, commit: UserCommit) => {
            const [change] = commit.changes
            const isLeave = change?.change === 'unsubscribe' && change.generation === undefined
            return users.commit(user, isLeave ? { ...commit, changes: [] } : commit)
          }
        : Reflect.get(target, key),
  })
  return { ...parts, stores: { ...parts.stores, users: sabotaged } }
}

function withoutChanges(
  parts: CoreParts,
  isLost: (change: ChannelChange, all: readonly ChannelChange[]) => boolean,
): CoreParts {
  return withCommit(parts, (store) => (channel, commit) => {
    const changes = commit.changes.filter((change) => !isLost(change, commit.changes))
    return store.commit(channel, { ...commit, changes })
  })
}

function withCommit(
  parts: CoreParts,
  wrap: (store: ChannelStore) => ChannelStore['commit'],
): CoreParts {
  const { channels } = parts.stores
  const commit = wrap(channels)
  const sabotaged = new Proxy(channels, {
    get: (target, key) => (key === 'commit' ? commit : Reflect.get(target, key)),
  })
  return { ...parts, stores: { ...parts.stores, channels: sabotaged } }
}
