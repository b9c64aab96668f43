import type { Core } from '../core.ts'
import type { Entry, EntryDraft } from '../entry.ts'
import type { LocalChannel } from '../local-channel.ts'

/** A channel without history: to whoever listens now, here and on the other nodes. */
export function pass(core: Core, channel: LocalChannel, draft: EntryDraft): void {
  const message = passing(core, channel, draft)
  channel.applyPassing(message)
  core.bus.publish(`channel:${channel.name}`, message)
}

/** To the connections of one user, on all nodes (`only_to_sender`). */
export function passOnlyTo(
  core: Core,
  { channel, user }: { channel: LocalChannel; user: string },
  draft: EntryDraft,
): void {
  const message = { ...passing(core, channel, draft), only: user }
  const local = core.hub.users.get(user)
  if (local !== undefined) core.hub.tellOnly(local, channel.name, message.entry)
  core.bus.publish(`user:${user}`, message)
}

function passing(core: Core, channel: LocalChannel, draft: EntryDraft) {
  const { head } = channel
  const entry: Entry = { ...draft, epoch: head.epoch, offset: 0, count: 0 }
  return {
    v: 1,
    type: 'passing',
    node: core.nodeId,
    channel: channel.name,
    sequence: core.hub.nextPassing(),
    entry,
  } as const
}
