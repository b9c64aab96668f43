import type { Core } from '../../src/core/core.ts'
import { Failure, Refusal } from '../../src/core/errors.ts'
import { createChannel } from '../../src/core/operations/create-channel.ts'
import { destroyChannel } from '../../src/core/operations/destroy-channel.ts'
import { disconnectUser } from '../../src/core/operations/disconnect.ts'
import { publish } from '../../src/core/operations/publish.ts'
import { setChannelOptions } from '../../src/core/operations/set-channel-options.ts'
import { patchState } from '../../src/core/operations/state.ts'
import { subscribe } from '../../src/core/operations/subscribe.ts'
import { unsubscribe } from '../../src/core/operations/unsubscribe.ts'
import type { Dice } from './dice.ts'
import type { Judge } from './judge.ts'
import { writePayload } from './payload.ts'
import type { ChannelPlan, Plan } from './plan.ts'
import type { Receipts } from './receipts.ts'
import type { SimulatedApp } from './simulated-app.ts'
import type { SimulatedNode } from './simulated-node.ts'
import type { Timeline } from './timeline.ts'

interface BossParts {
  readonly timeline: Timeline
  readonly dice: Dice
  readonly judge: Judge
  readonly plan: Plan
  readonly app: SimulatedApp
  readonly receipts: Receipts
  readonly nodes: readonly SimulatedNode[]
}

/** What the app does by itself, over REST: the same operations, on whichever node answers. */
export class SimulatedBoss {
  readonly #parts: BossParts
  readonly #dice: Dice
  #published = 0
  #isActive = true

  constructor(parts: BossParts) {
    this.#parts = parts
    this.#dice = parts.dice.fork('boss')
    if (parts.plan.appPauseMs > 0) this.#plan()
  }

  rest(): void {
    this.#isActive = false
  }

  #plan(): void {
    const pause = -Math.log(1 - this.#dice.float()) * this.#parts.plan.appPauseMs
    this.#parts.timeline.after(pause, () => {
      if (!this.#isActive) return
      this.#act()
      this.#plan()
    })
  }

  #act(): void {
    const { plan } = this.#parts
    const channel = this.#dice.pick(plan.channels)
    const user = this.#dice.pick(plan.users).name
    const thrown = this.#dice.float()
    if (thrown < 0.4) this.#publish(channel.name)
    else if (thrown < 0.6) this.#setState(channel.name)
    else if (thrown < 0.7) this.#change(channel)
    else if (thrown < 0.78) this.#subscribe(channel.name, user)
    else if (thrown < 0.84)
      this.#do(`unsubscribes ${user} from ${channel.name}`, (core) =>
        unsubscribe(core, { channel: channel.name, user, hook: 'skip' }),
      )
    else if (channel.room === undefined && thrown < 0.92)
      this.#do(`creates ${channel.name}`, (core) =>
        createChannel(core, { channel: channel.name, options: channel.options, hook: 'skip' }),
      )
    else if (thrown > 0.92 && thrown < 0.95)
      this.#do(`destroys ${channel.name}`, (core) =>
        destroyChannel(core, { channel: channel.name, hook: 'skip' }),
      )
    else if (thrown > 0.95 && thrown < 0.97)
      this.#do(`sends ${user} away`, (core) => disconnectUser(core, user))
  }

  #publish(channel: string): void {
    this.#published += 1
    const payload = writePayload({ author: 'app', number: this.#published, repeats: true })
    const id = this.#dice.chance(0.5) ? { id: `app-${this.#published}` } : {}
    this.#attempt(channel, { channel, payload, ...id })
  }

  #attempt(channel: string, command: { channel: string; payload: string; id?: string }): void {
    const publisher = { kind: 'app', originator: null, hook: 'skip' } as const
    this.#do(
      `publishes ${command.payload} to ${channel}`,
      async (core) => {
        const result = await publish(core, publisher, command)
        const args = { channel_name: channel, payload: JSON.parse(command.payload) as unknown }
        const id = command.id === undefined ? {} : { id: command.id }
        this.#parts.receipts.note('app', { args: { ...args, ...id }, result: { ...result } })
      },
      () => {
        if (command.id !== undefined) this.#attempt(channel, command)
      },
    )
  }

  #setState(channel: string): void {
    const key = this.#dice.pick(['x', 'y', 'z'])
    const json = this.#dice.chance(0.3) ? undefined : String(this.#dice.between(1, 5))
    this.#do(`sets ${key} of ${channel} to ${json}`, (core) =>
      patchState(core, { channel, key, json }),
    )
  }

  #change(channel: ChannelPlan): void {
    if (channel.changes.length === 0) return
    const options = this.#dice.pick(channel.changes)
    this.#do(`sets ${JSON.stringify(options)} of ${channel.name}`, (core) =>
      setChannelOptions(core, { channel: channel.name, options }),
    )
  }

  #subscribe(channel: string, user: string): void {
    this.#parts.app.noteUnasked(channel, user)
    this.#do(`subscribes ${user} to ${channel}`, (core) =>
      subscribe(core, { channel, user, hook: 'skip' }),
    )
  }

  #do(what: string, act: (core: Core) => Promise<unknown>, again: () => void = () => {}): void {
    const { judge, timeline, nodes } = this.#parts
    const node = this.#dice.pick(nodes)
    const core = node.isReady ? node.running?.core : undefined
    if (core === undefined) return
    judge.note(() => `app ${what} on ${node.nodeId}`)
    act(core).then(
      () => judge.note(() => `app: done: ${what}`),
      (error: unknown) => {
        judge.note(() => `app: refused: ${what}: ${String(error)}`)
        if (!(error instanceof Refusal || error instanceof Failure)) {
          judge.violated('bug', `${what}: ${error instanceof Error ? error.stack : String(error)}`)
        }
        const mayTryAgain = error instanceof Failure || (error instanceof Refusal && error.retry)
        if (mayTryAgain) timeline.after(this.#dice.between(100, 2000), again)
      },
    )
  }
}
