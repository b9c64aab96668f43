import { givenPayload } from './channel-view.ts'
import { Dice } from './dice.ts'
import {
  noRooms,
  type RoomPlan,
  type RoomSettingsPlan,
  type TalkerPlan,
  withRooms,
} from './plan-rooms.ts'
import type { BusManners } from './simulated-bus.ts'
import type { StoreManners } from './simulated-store.ts'

/** How the app treats the questions about one channel. */
export interface GateManners {
  readonly maxDelayMs: number
  readonly refuses: number
  readonly fails: number
  /** Share of questions that are never answered: the hook's timeout ends them. */
  readonly hangs: number
}

/** A channel that may come to be, and what its app has in mind for it. */
export interface ChannelPlan {
  readonly name: string
  /** What `create_channel` answers. */
  readonly options: Readonly<Record<string, unknown>>
  readonly gates: GateManners
  /** The app never lets it be destroyed when empty. */
  readonly keeps: boolean
  /** Options that the app may set meanwhile. */
  readonly changes: readonly Readonly<Record<string, unknown>>[]
  /** It is to be a room: the app lets no Hookbox client make it. */
  readonly room?: RoomPlan
}

export interface UserPlan {
  readonly name: string
  /** What `connect` answers beside the name. */
  readonly answer: Readonly<Record<string, unknown>>
}

/** What goes wrong, on average once in so many milliseconds; 0: never. */
export interface TroublePlan {
  readonly crashMs: number
  readonly drainMs: number
  readonly cutMs: number
  readonly stallMs: number
  readonly outageMs: number
}

/** One run: everything that is decided before it begins. */
export interface Plan {
  readonly seed: number
  readonly nodes: number
  readonly clients: readonly { readonly user: string; readonly version: 1 | 2 }[]
  /** Clients of Hipochat. */
  readonly talkers: readonly TalkerPlan[]
  /** Rooms too. */
  readonly channels: readonly ChannelPlan[]
  readonly users: readonly UserPlan[]
  readonly store: StoreManners
  readonly bus: BusManners
  readonly trouble: TroublePlan
  readonly skewMs: number
  /** How long clients act and things go wrong. */
  readonly busyMs: number
  /** A client's pause between two acts, on average. */
  readonly pauseMs: number
  /** The app's pause between two acts of its own, on average; 0: it does nothing by itself. */
  readonly appPauseMs: number
  /** The same for what it does in rooms. */
  readonly roomPauseMs: number
  readonly settings: RoomSettingsPlan & {
    readonly channelLingerMs: number
    readonly presenceInPublish: number
  }
}

/** Plans a run from its seed. Every fourth run has no trouble at all: what fails there is plain. */
export function planRun(seed: number): Plan {
  const dice = new Dice(seed)
  return withRooms(planHookbox(seed, dice.fork('plan')), dice.fork('rooms'))
}

function planHookbox(seed: number, dice: Dice): Plan {
  const calm = dice.chance(0.25)
  // The app has its own days: one that hangs while all else goes well shows who waits for whom.
  const kind = dice.chance(0.3)
  const nodes = dice.between(1, 3)
  const users = planUsers(dice)
  const channels = Array.from({ length: dice.between(1, 4) }, (_, index) =>
    planChannel(dice, { name: `c${index}`, users: users.map((user) => user.name), kind }),
  )
  return {
    seed,
    nodes,
    users: users.map((user) => withAutoSubscribe(dice, user, channels)),
    clients: Array.from({ length: dice.between(2, 6) }, () => ({
      user: dice.pick(users).name,
      version: dice.chance(0.65) ? 2 : 1,
    })),
    talkers: [],
    channels,
    store: planStore(dice, { calm, nodes }),
    bus: planBus(dice, calm),
    trouble: planTrouble(dice, calm),
    skewMs: dice.chance(0.5) ? 0 : 400,
    busyMs: dice.chance(0.05) ? 200_000 : dice.between(15_000, 60_000),
    pauseMs: dice.pick([50, 300, 1000, 3000]),
    appPauseMs: dice.pick([0, 500, 3000]),
    roomPauseMs: 0,
    settings: {
      ...noRooms,
      channelLingerMs: dice.pick([0, 0, 2000]),
      presenceInPublish: dice.pick([0, 50]),
    },
  }
}

function planUsers(dice: Dice): UserPlan[] {
  return Array.from({ length: dice.between(1, 4) }, (_, index) => ({
    name: `u${index}`,
    answer: {
      per_connection_subscriptions: dice.chance(0.15),
      global_unsubscriptions: dice.chance(0.1),
    },
  }))
}

function withAutoSubscribe(dice: Dice, user: UserPlan, channels: readonly ChannelPlan[]): UserPlan {
  if (!dice.chance(0.15)) return user
  return { ...user, answer: { ...user.answer, auto_subscribe: [dice.pick(channels).name] } }
}

function planChannel(
  dice: Dice,
  about: { name: string; users: readonly string[]; kind: boolean },
): ChannelPlan {
  const { name, users, kind } = about
  const moderated = dice.chance(0.4)
  const watches = dice.chance(0.2)
  const options = {
    history_size: dice.pick([0, 3, 20, 100]),
    history_publish_only: dice.chance(0.4),
    presenceful: dice.chance(0.6),
    anonymous: dice.chance(0.15),
    reflective: dice.chance(0.7),
    moderated,
    ...(moderated ? {} : { moderated_publish: dice.chance(0.3) }),
    ...(watches ? { server_presenceful: true, server_user_presence: users } : {}),
  }
  return {
    name,
    options,
    gates: planGates(dice, kind),
    keeps: dice.chance(0.3),
    changes: dice.chance(0.3)
      ? [
          { history_size: dice.pick([0, 5, 50]) },
          { reflective: dice.chance(0.5) },
          { history_publish_only: dice.chance(0.5) },
          { set_history: [['PUBLISH', { payload: givenPayload }]] },
        ]
      : [],
  }
}

function planGates(dice: Dice, kind: boolean): GateManners {
  if (kind) return { maxDelayMs: dice.pick([5, 200]), refuses: 0, fails: 0, hangs: 0 }
  return {
    maxDelayMs: dice.pick([0, 20, 500, 5000]),
    refuses: dice.pick([0, 0.1, 0.3]),
    fails: dice.pick([0, 0.05, 0.2]),
    hangs: dice.pick([0, 0, 0.1]),
  }
}

function planStore(dice: Dice, about: { calm: boolean; nodes: number }): StoreManners {
  const { calm, nodes } = about
  return {
    syncMs: nodes === 1 && dice.chance(0.7) ? dice.between(1, 20) : 0,
    maxDelayMs: dice.pick([1, 10, 100, 400]),
    losesCall: calm ? 0 : dice.pick([0, 0, 0.005, 0.03]),
    losesAnswer: calm ? 0 : dice.pick([0, 0, 0.005, 0.03]),
    recoveryEntries: dice.pick([10, 1000]),
  }
}

function planBus(dice: Dice, calm: boolean): BusManners {
  return {
    maxDelayMs: dice.pick([2, 30, 300]),
    drops: calm ? 0 : dice.pick([0, 0.02, 0.1, 0.5]),
    repeats: dice.pick([0, 0.1]),
    tells: dice.pick([0, 0.5]),
  }
}

function planTrouble(dice: Dice, calm: boolean): TroublePlan {
  const often = (...choices: number[]) => (calm ? 0 : dice.pick(choices))
  return {
    crashMs: often(0, 0, 10_000, 30_000),
    drainMs: often(0, 0, 20_000),
    cutMs: often(0, 2000, 10_000),
    stallMs: often(0, 0, 5000),
    outageMs: often(0, 0, 15_000),
  }
}

/** The store never fails anybody, and no node, link or reader ever fails. */
export function isSound({ store, trouble }: Plan): boolean {
  return store.losesCall + store.losesAnswer + sum(Object.values(trouble)) === 0
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, each) => total + each, 0)
}

/** What is asked about this channel must be answered soon, whatever other channels wait for (G5). */
export function isPrompt(plan: Plan, channel: string): boolean {
  const gates = plan.channels.find((each) => each.name === channel)?.gates
  if (gates === undefined || gates.hangs > 0 || gates.maxDelayMs > 500) return false
  return isSound(plan) && plan.users.every((user) => user.answer['auto_subscribe'] === undefined)
}
