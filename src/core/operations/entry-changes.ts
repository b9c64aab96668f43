import type { Core } from '../core.ts'
import type { EntryDraft } from '../entry.ts'
import type { LocalChannel } from '../local-channel.ts'
import type { ChannelChange, PublishClaim } from '../ports.ts'
import { authorOf, type Publish, type Publisher, publisherName } from './publisher.ts'

/** A publish on its way to a channel. */
export interface Attempt {
  readonly channel: LocalChannel
  readonly publisher: Publisher
  readonly command: Publish
  readonly claim: PublishClaim | undefined
}

/** The entry that a publish makes; `payload` is what the app has made of it. */
export function draftEntry(
  core: Core,
  attempt: Pick<Attempt, 'channel' | 'publisher' | 'command'>,
  payload: string,
): EntryDraft {
  const { channel, publisher, command } = attempt
  const draft: EntryDraft = {
    kind: 'publish',
    id: command.id ?? core.random.hex(8),
    at: core.clock.now(),
    author: authorOf(channel, publisher),
    content: payload,
    encoding: 'json',
  }
  if (publisher.kind === 'talk') return { ...draft, type: publisher.type }
  const isOmitted = publisher.kind === 'connection' && !channel.options.reflective
  return isOmitted ? { ...draft, omit: publisher.connection.id } : draft
}

/** What the commit of an entry changes: it completes its publish's id, and a room adds what it must. */
export function entryChanges(
  core: Core,
  attempt: Attempt,
  draft: EntryDraft,
): readonly [ChannelChange, ...ChannelChange[]] {
  const { channel, publisher, claim } = attempt
  const entry: ChannelChange =
    claim === undefined ? { change: 'entry', draft } : { change: 'entry', draft, claim }
  if (channel.room === undefined || core.rooms === undefined) return [entry]
  return [entry, ...core.rooms.withEntry(channel, draft, publisherName(publisher))]
}
