import type { Core } from '../core.ts'
import type { Entry } from '../entry.ts'
import { Refusal } from '../errors.ts'
import type { LocalChannel } from '../local-channel.ts'
import type { ChannelChange, ChannelCommitResult, ChannelCommitted } from '../ports.ts'
import type { Published } from '../published.ts'
import { type Attempt, draftEntry, entryChanges } from './entry-changes.ts'
import { publish } from './publish.ts'
import { claimOf, type Publish, type Publisher } from './publisher.ts'

/** A publish of the app that asks no hook. */
export interface AppPublish extends Publish {
  readonly originator: string | null
}

/** What one publish of a batch came to; `error` is a Refusal, or a fault of which its outcome is not known. */
export type BatchOutcome = { readonly published: Published } | { readonly error: unknown }

/** A batch under way. */
interface Batch {
  readonly publishes: readonly AppPublish[]
  readonly outcomes: BatchOutcome[]
}

/** Where in the batch the publishes to one channel stand. */
type Places = readonly number[]

/**
 * Publishes of the app, an outcome for each in their order. Those to one channel keep their order and, where it has a
 * history, are one commit; channels do not wait for each other. Never rejects.
 */
export async function publishBatch(
  core: Core,
  publishes: readonly AppPublish[],
): Promise<readonly BatchOutcome[]> {
  const batch = { publishes, outcomes: new Array<BatchOutcome>(publishes.length) }
  const lanes = new Map<string, number[]>()
  publishes.forEach(({ channel }, place) => {
    const lane = lanes.get(channel)
    if (lane === undefined) lanes.set(channel, [place])
    else lane.push(place)
  })
  const turns: Promise<void>[] = []
  for (const [name, places] of lanes) turns.push(publishLane(core, batch, { name, places }))
  await Promise.all(turns)
  return batch.outcomes
}

function publishLane(
  core: Core,
  batch: Batch,
  { name, places }: { readonly name: string; readonly places: Places },
): Promise<void> {
  const known = core.hub.channels.get(name)
  if (known !== undefined) return publishTo(core, batch, { channel: known, places })
  return core.hub.channel(name).then(
    (channel) =>
      channel === undefined
        ? oneByOne(core, batch, places)
        : publishTo(core, batch, { channel, places }),
    (error: unknown) => failAll(batch, places, error),
  )
}

/** Those to one channel. */
interface Lane {
  readonly channel: LocalChannel
  readonly places: Places
}

/** No async function: of many lanes that wait for the disk at once, each would keep a frame of it. */
function publishTo(core: Core, batch: Batch, lane: Lane): Promise<void> {
  const { channel, places } = lane
  if (channel.options.history_size === 0) return oneByOne(core, batch, places)
  return commitTo(core, batch, lane).then(
    (result) => {
      // Published before, or options that this node does not know yet: each gets its own answer.
      if (result.outcome !== 'committed') return oneByOne(core, batch, places)
      tellOffsets(batch, places, result.committed)
      core.hub.committed(result.committed)
      return undefined
    },
    (error: unknown) =>
      // A refusal has changed nothing: whom it concerns will be seen.
      error instanceof Refusal ? oneByOne(core, batch, places) : failAll(batch, places, error),
  )
}

function commitTo(core: Core, batch: Batch, lane: Lane): Promise<ChannelCommitResult> {
  const { channel, places } = lane
  const now = core.clock.now()
  channel.usedAt = now
  try {
    const changes = changesOf(core, batch, lane)
    const { expectation: expect } = channel
    const commit = core.stores.channels.commit(channel.name, { expect, changes, now })
    if (changes.length === places.length) return commit
    return commit.then((result) => {
      core.rooms?.written()
      return result
    })
  } catch (error) {
    return Promise.reject(error)
  }
}

function changesOf(
  core: Core,
  { publishes }: Batch,
  { channel, places }: Lane,
): readonly ChannelChange[] {
  const changesAt = (place: number) => {
    const command = publishes[place] as AppPublish
    const publisher = publisherOf(command)
    const attempt: Attempt = { channel, publisher, command, claim: claimOf(publisher, command) }
    return entryChanges(core, attempt, draftEntry(core, attempt, command.payload))
  }
  return places.length === 1 ? changesAt(places[0] as number) : places.flatMap(changesAt)
}

function tellOffsets(
  { outcomes }: Batch,
  places: Places,
  { entries, head }: ChannelCommitted,
): void {
  for (let index = 0; index < places.length; index += 1) {
    const { at, offset } = entries[index] as Entry
    outcomes[places[index] as number] = { published: { at, epoch: head.epoch, offset } }
  }
}

async function oneByOne(core: Core, batch: Batch, places: Places): Promise<void> {
  for (const place of places) {
    const command = batch.publishes[place] as AppPublish
    try {
      const published = await publish(core, publisherOf(command), command)
      batch.outcomes[place] = { published }
    } catch (error) {
      batch.outcomes[place] = { error }
    }
  }
}

function failAll({ outcomes }: Batch, places: Places, error: unknown): void {
  for (const place of places) outcomes[place] = { error }
}

function publisherOf({ originator }: AppPublish): Publisher {
  return { kind: 'app', originator, hook: 'skip' }
}
