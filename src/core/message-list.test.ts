import fc from 'fast-check'
import { expect, it } from 'vitest'
import { inOrder, MessageList } from './message-list.ts'

const messages = ['a', 'b', 'c'].map((text) => ({ text }))

it('is the same list for all that are sent the same', () => {
  const nothing = MessageList.empty()
  const [a, b, c] = messages as [(typeof messages)[0], (typeof messages)[0], (typeof messages)[0]]
  const first = nothing.with(a)
  const second = nothing.with(a)
  expect(second).toBe(first)
  expect(second.with(b)).toBe(first.with(b))
  expect(first.with(c).toArray()).toEqual([a, c])
  expect(first.toArray()).toEqual([a])
})

it('has what each was sent, in order, whoever else was sent what', () => {
  const steps = fc.array(fc.tuple(fc.nat({ max: 4 }), fc.nat({ max: 2 })), { maxLength: 60 })
  fc.assert(
    fc.property(steps, (sent) => {
      const nothing = MessageList.empty()
      const lists = new Map<number, MessageList>()
      const wanted = new Map<number, string[]>()
      for (const [who, what] of sent) {
        const message = messages[what]
        if (message === undefined) continue
        lists.set(who, (lists.get(who) ?? nothing).with(message))
        wanted.set(who, [...(wanted.get(who) ?? []), message.text])
      }
      for (const [who, texts] of wanted)
        expect(
          lists
            .get(who)
            ?.toArray()
            .map(({ text }) => text),
        ).toEqual(texts)
    }),
  )
})

it('stands beside what is a link’s own, each in its place', () => {
  const own = [0, 0, 2, 3].map((after, place) => ({ after, message: { text: `own ${place}` } }))
  expect(inOrder(messages, own).map(({ text }) => text)).toEqual([
    'own 0',
    'own 1',
    'a',
    'b',
    'own 2',
    'c',
    'own 3',
  ])
  expect(inOrder(messages)).toBe(messages)
})
