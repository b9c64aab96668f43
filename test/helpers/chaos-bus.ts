import type { Bus } from '../../src/core/ports.ts'
import { type Seeded, seeded } from './seeded.ts'

export interface Chaos {
  /** Share of the messages that never arrive. */
  readonly drop: number
  /** Share that arrives twice. */
  readonly repeat: number
  /** Messages are held and let go in another order. */
  readonly reorder: boolean
  readonly seed: number
}

/** A bus that does to messages what the port allows it: drops, repeats, delays and swaps them, by a seed. */
export function createChaosBus(bus: Bus, chaos: Chaos): Bus {
  const random = seeded(chaos.seed)
  return {
    publish: bus.publish.bind(bus),
    subscribe: (address) => bus.subscribe(address),
    unsubscribe: (address) => bus.unsubscribe(address),
    request: (node, request, deadlineMs) => bus.request(node, request, deadlineMs),
    onMessage(listener) {
      const queue = createQueue(random, chaos)
      bus.onMessage((address, message) => {
        for (let copies = copiesOf(random, chaos); copies > 0; copies -= 1) {
          queue(() => listener(address, message))
        }
      })
    },
    onReset: (listener) => bus.onReset(listener),
    onRequest: (listener) => bus.onRequest(listener),
    close: () => bus.close(),
  }
}

function copiesOf(random: Seeded, chaos: Chaos): number {
  if (random() < chaos.drop) return 0
  return random() < chaos.repeat ? 2 : 1
}

/** Lets queued deliveries go at the end of the turn, or a few turns later, in random order. */
function createQueue(random: Seeded, chaos: Chaos): (deliver: () => void) => void {
  if (!chaos.reorder) return (deliver) => deliver()
  const held: (() => void)[] = []
  function letGo(): void {
    const one = held.splice(Math.floor(random() * held.length), 1)[0]
    one?.()
  }
  return (deliver) => {
    held.push(deliver)
    if (random() < 0.5) setImmediate(letGo)
    else setTimeout(letGo, 1 + Math.floor(random() * 15))
  }
}
