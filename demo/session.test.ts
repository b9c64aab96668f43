import { expect, test } from 'vitest'
import { createSessions } from './session.ts'

function cookieOf(setCookie: string): string {
  return setCookie.split(';')[0] ?? ''
}

test('a session carries the name, whatever its script, among other cookies', () => {
  const sessions = createSessions('key')
  const cookie = cookieOf(sessions.cookieFor('Änn 🍰 =;'))
  expect(sessions.nameIn(`theme=dark; ${cookie}; x=1`)).toBe('Änn 🍰 =;')
})

test('the cookie is out of reach for scripts and other sites', () => {
  expect(createSessions('key').cookieFor('ann')).toMatch(/; Path=\/; HttpOnly; SameSite=Lax;/)
})

test('a name that nobody signed, or another key signed, is no session', () => {
  const sessions = createSessions('key')
  const bob = Buffer.from('bob').toString('base64url')
  const forged = cookieOf(sessions.cookieFor('ann')).replace(/=[^.]+/, `=${bob}`)
  expect(sessions.nameIn(forged)).toBeUndefined()
  expect(sessions.nameIn(cookieOf(createSessions('other').cookieFor('ann')))).toBeUndefined()
  expect(sessions.nameIn(undefined)).toBeUndefined()
})

test('a session ends', () => {
  let now = 0
  const sessions = createSessions('key', () => now)
  const cookie = cookieOf(sessions.cookieFor('ann'))
  now = 7 * 24 * 3600 * 1000
  expect(sessions.nameIn(cookie)).toBe('ann')
  now += 1
  expect(sessions.nameIn(cookie)).toBeUndefined()
})
