import { expect, it } from 'vitest'
import type { Bus, BusAddress, BusMessage } from '../../src/core/ports.ts'
import { createChaosBus } from './chaos-bus.ts'
import { Inbox } from './inbox.ts'

const address: BusAddress = 'user:ann'

function note(version: number): BusMessage {
  return { v: 1, type: 'user', node: 'a', user: 'ann', version }
}

/** A bus that hands everything straight to its listener. */
function straightBus(): Bus {
  let tell: (address: BusAddress, message: BusMessage) => void = () => {}
  return {
    publish: (to, message) => tell(to, message),
    subscribe: async () => {},
    unsubscribe: () => {},
    request: async () => '',
    onMessage: (listener) => {
      tell = listener
    },
    onReset: () => {},
    onRequest: () => {},
    close: async () => {},
  }
}

it('drops, repeats and reorders as much as it is told to', async () => {
  const bus = createChaosBus(straightBus(), { drop: 0.1, repeat: 0.1, reorder: true, seed: 7 })
  const got = new Inbox<number>(String)
  bus.onMessage((_address, message) => got.push(message.type === 'user' ? message.version : -1))
  for (let n = 0; n < 1000; n += 1) bus.publish(address, note(n))
  bus.publish(address, note(5000))
  await expect.poll(() => got.all.length, { timeout: 5000 }).toBeGreaterThan(950)
  const once = new Set(got.all)
  expect(1000 - once.size).toBeGreaterThan(50)
  expect(got.all.length - once.size).toBeGreaterThan(50)
  expect(got.all).not.toEqual(got.all.toSorted((a, b) => a - b))
})

it('changes nothing where it is told nothing', () => {
  const bus = createChaosBus(straightBus(), { drop: 0, repeat: 0, reorder: false, seed: 7 })
  const got: BusMessage[] = []
  bus.onMessage((_address, message) => got.push(message))
  for (let n = 0; n < 100; n += 1) bus.publish(address, note(n))
  expect(got).toEqual(Array.from({ length: 100 }, (_, n) => note(n)))
})
