import type { CoreParts } from '../../src/core/core.ts'
import type { Head } from '../../src/core/entry.ts'
import type {
  ChannelChange,
  ChannelCommit,
  ChannelCommitResult,
  ChannelStore,
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
