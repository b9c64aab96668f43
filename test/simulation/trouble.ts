import type { Dice } from './dice.ts'
import type { World } from './simulate.ts'

/** What goes wrong from outside: crashes, restarts, lost links, browsers that stop reading, a store out of reach. */
export class Trouble {
  readonly #world: World
  readonly #dice: Dice
  #isOver = false

  constructor(world: World, dice: Dice) {
    this.#world = world
    this.#dice = dice.fork('trouble')
    const { trouble } = world.plan
    this.#often(trouble.crashMs, () => this.#crash())
    this.#often(trouble.drainMs, () => this.#drain())
    this.#often(trouble.cutMs, () => this.#pickLink()?.cut())
    this.#often(trouble.stallMs, () => this.#pickLink()?.stall(this.#dice.between(100, 30_000)))
    this.#often(trouble.outageMs, () => this.#outage())
  }

  /** From now on all goes well. */
  end(): void {
    this.#isOver = true
    const { store, bus, app, nodes } = this.#world
    store.cutOff.clear()
    store.manners = { ...store.manners, losesCall: 0, losesAnswer: 0, maxDelayMs: 5 }
    bus.manners = { ...bus.manners, drops: 0, repeats: 0, maxDelayMs: 5 }
    app.becomeKind()
    for (const node of nodes) node.start()
  }

  #often(meanMs: number, act: () => void): void {
    if (meanMs === 0) return
    const wait = -Math.log(1 - this.#dice.float()) * meanMs
    this.#world.timeline.after(wait, () => {
      if (this.#isOver) return
      act()
      this.#often(meanMs, act)
    })
  }

  #pickLink() {
    return this.#dice.pick(this.#world.nodes).pickLink()
  }

  #crash(): void {
    const node = this.#dice.pick(this.#world.nodes)
    node.crash()
    this.#world.timeline.after(this.#dice.delay(100, 90_000), () => node.start())
  }

  #drain(): void {
    const node = this.#dice.pick(this.#world.nodes)
    node.drain()
    this.#world.timeline.after(this.#dice.delay(15_000, 60_000), () => node.start())
  }

  /** One node loses the store, or all do. */
  #outage(): void {
    const { store, nodes, timeline } = this.#world
    const struck = this.#dice.chance(0.5) ? nodes : [this.#dice.pick(nodes)]
    const ids = struck.map((node) => node.nodeId)
    for (const id of ids) store.cutOff.add(id)
    timeline.after(this.#dice.delay(200, 50_000), () => {
      for (const id of ids) store.cutOff.delete(id)
    })
  }
}
