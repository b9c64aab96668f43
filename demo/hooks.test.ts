import { expect, test } from 'vitest'
import { createHooks, type Verdict } from './hooks.ts'
import { createSessions } from './session.ts'

const sessions = createSessions('key')
const hooks = createHooks(sessions)

function ask(hook: string, form: Record<string, string>, cookies?: string): Verdict | undefined {
  return hooks.get(hook)?.({ form: new URLSearchParams(form), cookies })
}

test('all eight hooks are answered', () => {
  expect([...hooks.keys()].sort()).toEqual([
    'connect',
    'create_channel',
    'destroy_channel',
    'disconnect',
    'message',
    'publish',
    'subscribe',
    'unsubscribe',
  ])
})

test('whoever has a session connects under its name, everybody else is sent to the login', () => {
  expect(ask('connect', {}, sessions.cookieFor('ann'))).toEqual([true, { name: 'ann' }])
  expect(ask('connect', {})).toEqual([false, { error: 'Please log in' }])
})

test('only rooms can be joined, and none is made by naming it', () => {
  expect(ask('subscribe', { channel_name: 'room:tea-cake', user: 'ann' })).toEqual([true, {}])
  for (const channel of ['admin', 'room:', 'room:A', 'room:__proto__', 'x'.repeat(50)])
    expect(ask('subscribe', { channel_name: channel })?.[0]).toBe(false)
  expect(ask('create_channel', { channel_name: 'room:tea-cake' })?.[0]).toBe(false)
})

test('a publish goes out as its text and nothing else', () => {
  const payload = JSON.stringify({ body: ' hi ', admin: true })
  expect(ask('publish', { payload })).toEqual([true, { override_payload: { body: 'hi' } }])
})

test.each(['', 'no json', 'null', '"hi"', '[]', '{}', '{"body":1}', '{"body":"  "}'])(
  'a publish of %j is refused',
  (payload) => {
    expect(ask('publish', { payload })?.[0]).toBe(false)
  },
)

test('a text of 2001 characters is refused with the limit', () => {
  const payload = JSON.stringify({ body: 'x'.repeat(2001) })
  expect(ask('publish', { payload })).toEqual([false, { error: 'At most 2000 characters' }])
})

test('rooms outlive their last member', () => {
  expect(ask('destroy_channel', { channel_name: 'room:lobby' })).toEqual([false, {}])
})
