import { expect, it } from 'vitest'
import { configOf } from '../../config/config-of.ts'
import type { Entry } from '../../core/entry.ts'
import { defaultChannelOptions } from '../../core/options.ts'
import { emptyChannel } from '../aggregate/channel.ts'
import { beginChannel, growTail, makeChannelSlot, weighChannel } from './channel-slot.ts'

const options = { ...defaultChannelOptions, history_size: configOf({}).talkHistorySize }

function slotOf(entries: readonly Entry[]) {
  const slot = makeChannelSlot('room', 1)
  beginChannel(slot, emptyChannel('room', { epoch: 'e', createdBy: undefined, options }), 'log')
  growTail(slot.tail, entries, options)
  return slot
}

function entriesBy(info: string): Entry[] {
  return Array.from({ length: 1000 }, (_, index) => {
    const author = { user: 'ann', info }
    const place = { epoch: 'e', offset: index + 1, count: index + 1, id: `i${index}`, at: 0 }
    return { ...place, kind: 'publish', author, content: '{}', encoding: 'json' }
  })
}

it('holds no more of a log in memory where authors show much of themselves', () => {
  const info = JSON.stringify({ avatar: 'x'.repeat(10_000) })
  const { tail } = slotOf(entriesBy(info))
  expect(tail.length).toBeGreaterThan(0)
  expect(tail.length * info.length).toBeLessThan(1_000_000)
  expect(slotOf(entriesBy('{}')).tail.length).toBe(1000)
})

it('weighs for whom a room was made', () => {
  const slot = slotOf([])
  const before = weighChannel(slot)
  if (slot.channel !== undefined) slot.channel.room = { closed: true, madeFor: 'x'.repeat(5000) }
  expect(weighChannel(slot) - before).toBe(10_000)
})
