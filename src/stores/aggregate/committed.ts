import type { ChannelCommitted } from '../../core/ports.ts'
import type { ChannelDraft } from './channel-draft.ts'
import { stateDifference } from './channel-state.ts'
import { memberDifference } from './members.ts'

/** What an accepted draft changed. Whatever is no entry makes the version grow, by one for all of it. */
export function committedOf(draft: ChannelDraft): ChannelCommitted {
  const differences = draft.isLogOnly ? none : differencesOf(draft)
  const { base, entries, entered, left } = draft
  const { channel, epoch } = base
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

type Differences = Pick<
  ChannelCommitted,
  'state' | 'options' | 'room' | 'members' | 'markers' | 'created' | 'destroyed'
>

const none: Differences = {}

function differencesOf(draft: ChannelDraft): Differences {
  const { base, created, destroyed, options, optionsVersion } = draft
  const state = stateDifference(draft)
  return {
    ...(state && { state }),
    ...((created || optionsVersion !== base.optionsVersion) && {
      options: { version: optionsVersion, values: options },
    }),
    ...roomDifference(draft),
    ...memberDifference(draft),
    ...(created && { created }),
    ...(destroyed && { destroyed }),
  }
}

function roomDifference({ room, base, destroyed }: ChannelDraft): Pick<ChannelCommitted, 'room'> {
  if (room === undefined || destroyed || room.closed === base.room?.closed) return {}
  return { room: { closed: room.closed } }
}
