import type { Dice } from './dice.ts'
import type { ChannelPlan, GateManners, Plan } from './plan.ts'

/** What the app has in mind for a room. */
export interface RoomPlan {
  readonly closed: boolean
  /** Members who never come: pushes to so many take more than one call. */
  readonly crowd: number
}

/** Somebody with a client of Hipochat. */
export interface TalkerPlan {
  readonly user: string
  /** Rooms it enters. */
  readonly rooms: readonly string[]
}

/** Settings of rooms, named as in the configuration. */
export interface RoomSettingsPlan {
  readonly talkPushUrl: string
  readonly talkHistorySize: number
  readonly talkNotifiableTypes: readonly string[]
  readonly talkClosed: boolean
}

/** Type of messages that are not pushed where `talkNotifiableTypes` names others. */
export const quietType = 'quiet'

/** Settings of a run without rooms. */
export const noRooms: RoomSettingsPlan = {
  talkPushUrl: '',
  talkHistorySize: 1000,
  talkNotifiableTypes: [],
  talkClosed: false,
}

/** Every other run has rooms beside its channels, with clients of their own. */
export function withRooms(plan: Plan, dice: Dice): Plan {
  if (dice.chance(0.5)) return plan
  const names = Array.from({ length: dice.between(1, 2) }, (_, index) => `r${index}`)
  const rooms = names.map((name) => planRoom(dice, name, plan))
  // Some have both kinds of clients, some only talk.
  const talkOnly = Array.from({ length: dice.between(0, 2) }, (_, index) => `t${index}`)
  const known = [...plan.users.map(({ name }) => name), ...talkOnly]
  return {
    ...plan,
    // With fewer of the others, so that something happens in rooms.
    channels: [...plan.channels.slice(0, dice.between(0, 1)), ...rooms],
    clients: plan.clients.slice(0, dice.between(0, plan.clients.length)),
    users: [...withoutLists(plan), ...talkOnly.map((name) => ({ name, answer: {} }))],
    talkers: Array.from({ length: dice.between(1, 5) }, () => ({
      user: dice.pick(known),
      rooms: dice.chance(0.5) ? [dice.pick(names)] : names,
    })),
    roomPauseMs: dice.pick([300, 1000, 3000]),
    settings: {
      ...plan.settings,
      talkPushUrl: 'https://app.invalid/push',
      talkHistorySize: dice.pick([3, 20, 1000]),
      talkNotifiableTypes: dice.pick([[], ['message']]),
      talkClosed: dice.chance(0.1),
    },
  }
}

/** Lists of the app may name a channel that this run has not. */
function withoutLists(plan: Plan): Plan['users'] {
  return plan.users.map(({ name, answer }) => {
    const { auto_subscribe: _list, ...rest } = answer
    return { name, answer: rest }
  })
}

function planRoom(dice: Dice, name: string, plan: Plan): ChannelPlan {
  const others = plan.channels[0]?.gates
  const gates: GateManners = others ?? { maxDelayMs: 20, refuses: 0, fails: 0, hangs: 0 }
  return {
    name,
    options: { history_size: 1000, history_publish_only: true, moderated: true },
    gates,
    keeps: false,
    changes: [],
    room: { closed: dice.chance(0.4), crowd: dice.chance(0.05) ? 120 : 0 },
  }
}
