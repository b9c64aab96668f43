import { expect, it } from 'vitest'
import type { Connection } from './connection.ts'
import { LocalUser } from './local-user.ts'
import { defaultUserOptions } from './options.ts'
import type { UserRecord } from './ports.ts'

function record(version: number): UserRecord {
  return {
    name: 'ann',
    version,
    options: defaultUserOptions,
    connections: [],
    subscriptions: [],
    intents: [],
  }
}

it('follows its own commits from the first one, as long as none comes between', () => {
  const user = new LocalUser('ann')
  expect(user.isBehind(1)).toBe(true)
  user.committed(record(10), 0)
  user.committed(record(20), 10)
  expect([user.isBehind(20), user.isBehind(21)]).toEqual([false, true])
  // Another node has committed 30.
  user.committed(record(40), 30)
  expect(user.isBehind(40)).toBe(true)
  user.followed(40)
  user.followed(30)
  expect([user.isBehind(40), user.isBehind(41)]).toEqual([false, true])
})

it('does not take a record that begins anew for one that it has followed', () => {
  const user = new LocalUser('ann')
  // A tab is here by a record that other connections began, which has ended since.
  user.committed(record(20), 10)
  user.connections.set('tab', {} as Connection)
  user.committed(record(40), 0)
  expect(user.isBehind(40)).toBe(true)
})
