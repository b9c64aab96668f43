import type { Config } from './config/config.ts'
import type { Core } from './core/core.ts'
import { Failure } from './core/errors.ts'
import type { Notice, Profiles, Telemetry } from './core/ports.ts'
import type { RoomLayer } from './core/room-layer.ts'
import { createProfiles } from './hooks/index.ts'
import { createRooms } from './rooms/create-rooms.ts'
import { readPushNotice } from './rooms/push-notice.ts'

/** Rooms before and after there is a core to stand on. */
export interface RoomsInTheMaking {
  /** Makes them; called once, by the core. */
  layer(core: Core): RoomLayer
  /** Once the core is there. */
  readonly made: ReturnType<typeof createRooms>
  /** For the outbox. Rejects as long as there is no core. */
  expand(notice: Notice): ReturnType<ReturnType<typeof createRooms>['expand']>
  /** Pushes of one room are expanded in order. */
  laneOf(notice: Notice): string
}

/** What rooms need besides the core. */
export interface RoomsNeeds {
  readonly profiles: Profiles
  readonly wake: () => void
}

/** See RoomsInTheMaking. */
export function prepareRooms(config: Config, needs: RoomsNeeds): RoomsInTheMaking {
  let rooms: ReturnType<typeof createRooms> | undefined
  const made = () => {
    if (rooms === undefined) throw new Failure('rooms', 'there is no core yet')
    return rooms
  }
  return {
    layer(core) {
      rooms = createRooms({ core, settings: config, ...needs })
      return rooms.layer
    },
    get made() {
      return made()
    },
    expand: async (notice) => made().expand(notice),
    laneOf: (notice) => readPushNotice(notice).room,
  }
}

const nobody: Profiles = { profile: async () => ({ outcome: 'refused' }) }

/** Whom the app knows; nobody where no profile URL is set. */
export function openProfiles(
  config: Config,
  parts: {
    readonly telemetry: Telemetry
    /** What no excerpt of an answer may show. */
    readonly otherSecrets: readonly string[]
    readonly onEnd: (end: () => Promise<void>) => void
  },
): Profiles {
  if (config.talkProfileUrl === '') return nobody
  const { telemetry, otherSecrets } = parts
  const profiles = createProfiles({ ...config, otherSecrets }, { telemetry })
  parts.onEnd(() => profiles.close())
  return profiles
}
