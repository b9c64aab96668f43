import { HookFailure } from '../../src/core/errors.ts'
import type { App, Gate, Notice, Verdict } from '../../src/core/ports.ts'
import type { Dice } from './dice.ts'
import type { Judge } from './judge.ts'
import { type ChannelPlan, type GateManners, isSound, type Plan } from './plan.ts'
import type { RoomLedger } from './room-ledger.ts'
import type { Life, Timeline } from './timeline.ts'

const hookTimeoutMs = 10_000
/** How long a node may not have heard of what happened to a room: usually, and in times of trouble. */
const patienceMs = { usual: 5000, trouble: 60_000 }
const kind: GateManners = { maxDelayMs: 5, refuses: 0, fails: 0, hangs: 0 }

/** The web app: answers hooks late, with a refusal, wrongly or not at all, and remembers what it allowed. */
export class SimulatedApp {
  /** Disconnect notices as they arrived: id → how often, for whom. */
  readonly told = new Map<string, { times: number; body: string }>()
  /** How often a publish was let pass, by channel and payload. */
  readonly #allowedPublishes = new Map<string, number>()
  /** How often a user was let into a channel. */
  readonly #allowedJoins = new Map<string, number>()
  readonly #timeline: Timeline
  readonly #dice: Dice
  readonly #judge: Judge
  readonly #plan: Plan
  readonly #rooms: RoomLedger
  #isKind = false
  #asked = 0

  constructor(parts: {
    timeline: Timeline
    dice: Dice
    judge: Judge
    plan: Plan
    rooms: RoomLedger
  }) {
    this.#rooms = parts.rooms
    this.#timeline = parts.timeline
    this.#dice = parts.dice.fork('app')
    this.#judge = parts.judge
    this.#plan = parts.plan
  }

  /** The app as one node reaches it. */
  open(life: Life): App {
    return {
      ask: (gate) => this.#ask(gate, life),
      tell: (notice) =>
        notice.kind === 'push_call' ? this.#push(notice, life) : this.#tell(notice, life),
    }
  }

  /** From now on it allows everything, soon. */
  becomeKind(): void {
    this.#isKind = true
  }

  allowedPublishes(channel: string, payload: string): number {
    return this.#allowedPublishes.get(`${channel} ${payload}`) ?? 0
  }

  allowedJoins(channel: string, user: string): number {
    return this.#allowedJoins.get(`${channel} ${user}`) ?? 0
  }

  /** Somebody was let in without being asked about: by the app itself or one of its lists. */
  noteUnasked(channel: string, user: string): void {
    count(this.#allowedJoins, `${channel} ${user}`)
  }

  #ask(gate: Gate, life: Life): Promise<Verdict> {
    return new Promise((resolve, reject) => {
      if (life.isOver) return
      this.#checkCause(gate)
      const channel = this.#channelOf(gate)
      const manners = this.#isKind ? kind : (channel?.gates ?? kind)
      const fate = this.#fate(manners)
      this.#asked += 1
      const requestId = `msg_${this.#asked}`
      const wait = fate === 'hangs' ? hookTimeoutMs : this.#dice.delay(0, manners.maxDelayMs)
      this.#timeline.after(wait, () => {
        this.#judge.note(() => `app: ${gate.hook} ${describe(gate)} => ${fate}`)
        if (fate === 'fails' || fate === 'hangs') {
          life.while(() => reject(failure(requestId)))()
          return
        }
        const allowed = this.#allows(gate, channel, fate)
        if (allowed) this.#remember(gate)
        const answer = allowed ? this.#answer(gate, channel) : { error: 'no' }
        life.while(() => resolve({ allowed, answer, setCookies: [], requestId }))()
      })
    })
  }

  #tell(notice: Notice, life: Life): Promise<void> {
    return new Promise((resolve, reject) => {
      if (life.isOver) return
      const fails = !this.#isKind && this.#dice.chance(0.1)
      this.#timeline.after(this.#dice.delay(1, 300), () => {
        this.#judge.note(() => `app: told ${notice.id} ${notice.body} ${fails ? 'in vain' : ''}`)
        if (fails) return life.while(() => reject(failure(notice.id)))()
        const { name } = JSON.parse(notice.body) as { readonly name: string }
        if (isTalkOnly(this.#plan, name)) {
          this.#judge.violated('hooks', `the app is told that ${name} has gone, who only talks`)
        }
        const known = this.told.get(notice.id)
        this.told.set(notice.id, { times: (known?.times ?? 0) + 1, body: notice.body })
        life.while(resolve)()
      })
    })
  }

  /** It may have come where its answer does not. */
  #push(notice: Notice, life: Life): Promise<void> {
    return new Promise((resolve, reject) => {
      if (life.isOver) return
      const thrown = this.#isKind ? 1 : this.#dice.float()
      const wait = thrown < 0.03 ? hookTimeoutMs : this.#dice.delay(1, 300)
      this.#timeline.after(wait, () => {
        const fails = thrown < 0.15
        const comes = !fails || thrown < 0.09
        this.#judge.note(() => `app: ${comes ? 'gets' : 'misses'} push ${notice.id} ${notice.body}`)
        if (comes) this.#rooms.pushes.noteTold(notice)
        if (fails) life.while(() => reject(failure(notice.id)))()
        else life.while(resolve)()
      })
    })
  }

  /** Clients of Hipochat have nothing to do with hooks, and a room with members is not asked about. */
  #checkCause(gate: Gate): void {
    const user = gate.user ?? field(gate, 'user')
    const problem = isTalkOnly(this.#plan, user) ? `${user} only talks` : this.#misfit(gate, user)
    if (problem !== undefined) {
      this.#judge.violated('hooks', `${gate.hook} is asked of ${gate.channel}: ${problem}`)
    }
  }

  #misfit({ hook, channel = '' }: Gate, user: string): string | undefined {
    const room = this.#rooms.living(channel)
    if (room === undefined) return undefined
    const since = this.#timeline.now - patienceMs[isSound(this.#plan) ? 'usual' : 'trouble']
    if (hook === 'create_channel' && room.bornAt < since) return 'it is a room'
    if (hook === 'destroy_channel' && (room.peopledSince ?? since) < since) return 'it has members'
    const isStranger = !this.#rooms.wasEverShared(channel, user)
    return hook === 'unsubscribe' && isStranger ? `${user} is in by talk alone` : undefined
  }

  #fate({ refuses, fails, hangs }: GateManners): 'allows' | 'refuses' | 'fails' | 'hangs' {
    const thrown = this.#dice.float()
    if (thrown < hangs) return 'hangs'
    if (thrown < hangs + fails) return 'fails'
    return thrown < hangs + fails + refuses ? 'refuses' : 'allows'
  }

  #allows(gate: Gate, channel: ChannelPlan | undefined, fate: string): boolean {
    if (gate.hook === 'destroy_channel') return channel?.keeps === false
    if (gate.hook === 'create_channel' && channel?.room !== undefined) return false
    return fate === 'allows'
  }

  #answer(gate: Gate, channel: ChannelPlan | undefined): Record<string, unknown> {
    if (gate.hook === 'connect') {
      const name: unknown = JSON.parse(field(gate, 'payload'))
      return { name, ...this.#plan.users.find((user) => user.name === name)?.answer }
    }
    return gate.hook === 'create_channel' ? { ...channel?.options } : {}
  }

  #remember(gate: Gate): void {
    const channel = gate.channel ?? ''
    if (gate.hook === 'publish') {
      count(this.#allowedPublishes, `${channel} ${field(gate, 'payload')}`)
    } else if (gate.hook === 'subscribe') {
      count(this.#allowedJoins, `${channel} ${field(gate, 'user')}`)
    }
  }

  #channelOf(gate: Gate): ChannelPlan | undefined {
    return this.#plan.channels.find((channel) => channel.name === gate.channel)
  }
}

/** The user never had another client than Hipochat's. */
function isTalkOnly(plan: Plan, user: string): boolean {
  return (
    plan.talkers.some((talker) => talker.user === user) &&
    !plan.clients.some((client) => client.user === user)
  )
}

function count(counts: Map<string, number>, key: string): void {
  counts.set(key, (counts.get(key) ?? 0) + 1)
}

function field(gate: Gate, name: string): string {
  return gate.form.find(([key]) => key === name)?.[1] ?? ''
}

function describe(gate: Gate): string {
  return gate.form.map(([, value]) => value).join(' ')
}

function failure(requestId: string): HookFailure {
  return new HookFailure({ reason: 'timeout', requestId, message: 'no answer', hint: 'wait' })
}
