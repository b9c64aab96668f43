import type { Bus, BusMessage } from '../../src/core/ports.ts'

/** A bus whose messages a test loses or repeats: `copies` says how often each arrives. */
export function createLooseBus(bus: Bus, copies: (message: BusMessage) => number): Bus {
  const publish: Bus['publish'] = (address, message) => {
    for (let left = copies(message); left > 0; left -= 1) bus.publish(address, message)
  }
  return new Proxy(bus, {
    get(target, key) {
      if (key === 'publish') return publish
      const member: unknown = Reflect.get(target, key)
      return typeof member === 'function' ? member.bind(target) : member
    },
  })
}
