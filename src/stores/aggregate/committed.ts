import type { ChannelCommitted } from '../../core/ports.ts'
import type { ChannelDraft } from './channel-draft.ts'
import { stateDifference } from './channel-state.ts'
import { memberDifference } from './members.ts'

/** What an accepted draft changed. Whatever is no entry makes the version grow, by one for all of it. */
export function committedOf(draft: ChannelDraft): ChannelCommitted {
  const { base, entries, entered, left, created, destroyed, options, optionsVersion } = draft
  const { channel, epoch } = base
  const state = stateDifference(draft)
  const differences = {
    ...(state && { state }),
    ...((created || options !== base.options) && {
      options: { version: optionsVersion, values: options },
    }),
    ...roomDifference(draft),
    ...memberDifference(draft),
    ...(created && { created }),
    ...(destroyed && { destroyed }),
  }
  const grows = entered.length + left.length + Object.keys(differences).length > 0
  return {
    channel,
    prev: { epoch, offset: base.offset, version: base.version },
    head: {
      epoch,
      offset: draft.offset,
      version: base.version + (grows ? 1 : 0),
      count: draft.count,
    },
    entries,
    entered,
    left,
    ...differences,
  }
}

function roomDifference({ room, base, destroyed }: ChannelDraft): Pick<ChannelCommitted, 'room'> {
  if (room === undefined || destroyed || room.closed === base.room?.closed) return {}
  return { room: { closed: room.closed } }
}
