import { expect, test } from 'vitest'
import { channelOf, roomFrom, roomOf } from './rooms.ts'

test.each([
  [null, 'lobby'],
  ['', 'lobby'],
  ['///', 'lobby'],
  ['Tea & Cake!', 'tea-cake'],
  ['-a-', 'a'],
  [`${'x'.repeat(39)} y`, 'x'.repeat(39)],
])('%j opens the room %s', (typed, room) => {
  expect(roomFrom(typed)).toBe(room)
  expect(roomOf(channelOf(room))).toBe(room)
})
