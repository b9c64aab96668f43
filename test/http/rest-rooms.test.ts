import { afterEach, describe, expect, it } from 'vitest'
import { Refusal } from '../../src/core/errors.ts'
import { type Started, start } from './parts.ts'

let server: Started
afterEach(() => server.listener.close(0))

type Got = [number, unknown]

async function call(method: string, body: string, type: string): Promise<Got> {
  const answer = await fetch(`${server.url}/web/${method}`, {
    method: 'POST',
    headers: { authorization: 'Bearer right', 'content-type': type },
    body,
  })
  return [answer.status, await answer.json()]
}

const json = (method: string, fields: object) =>
  call(method, JSON.stringify(fields), 'application/json')

const form = (method: string, fields: Record<string, string>) =>
  call(method, new URLSearchParams(fields).toString(), 'application/x-www-form-urlencoded')

function commands(): unknown[] {
  return server.asked.map(({ command }) => command)
}

describe('room_create', () => {
  it('makes a room, with its members and options', async () => {
    server = await start({})
    const wish = {
      channel: 'tea',
      members: ['ann', 'b,b'],
      closed: true,
      options: { history_size: 5 },
    }
    await json('room_create', {
      channel_name: 'tea',
      members: ['ann', 'b,b'],
      closed: true,
      history_size: 5,
    })
    await form('room_create', {
      channel_name: 'tea',
      members: '["ann","b,b"]',
      closed: 'true',
      history_size: '5',
    })
    expect(await json('room_create', { channel_name: 'tea' })).toEqual([200, [true, {}]])
    expect(commands()).toEqual([
      wish,
      wish,
      { channel: 'tea', members: [], closed: false, options: {} },
    ])
    expect(server.asked[0]?.operation).toBe('roomCreate')
  })

  it.each([
    [{}, 'Missing channel_name'],
    [{ channel_name: 'tea', members: [1] }, 'members must be a list of strings'],
    [{ channel_name: 'tea', members: ['\n'] }, 'Invalid name in members'],
    [{ channel_name: 'tea', members: {} }, 'members must be a string'],
    [{ channel_name: 'tea', closed: 'yes' }, 'closed must be true or false'],
  ])('refuses %j', async (fields, msg) => {
    server = await start({})
    expect(await json('room_create', fields)).toEqual([200, [false, { msg }]])
    expect(server.asked).toEqual([])
  })

  it('tells what rooms refuse', async () => {
    server = await start({
      answers: {
        roomCreate: () => {
          throw new Refusal('channel_exists')
        },
      },
    })
    const answer = await json('room_create', { channel_name: 'tea' })
    expect(answer).toEqual([200, [false, { msg: 'Channel already exists' }]])
  })
})

describe('room_members', () => {
  it('tells who they are and how far they have read, by page', async () => {
    const members = [{ user: 'ann', joinedAt: 1000, read: 3, unread: 2 }]
    server = await start({ answers: { roomMembers: () => ({ members, next: 'ann' }) } })
    const answer = await form('room_members', { channel_name: 'tea', after: 'aa', limit: '1' })
    expect(answer).toEqual([
      200,
      [
        true,
        {
          channel_name: 'tea',
          members: [{ user: 'ann', joined: '1970-01-01T00:00:01.000Z', read_offset: 3, unread: 2 }],
          next: 'ann',
        },
      ],
    ])
    await json('room_members', { channel_name: 'tea' })
    expect(commands()).toEqual([
      { channel: 'tea', after: 'aa', limit: 1 },
      { channel: 'tea', limit: 100 },
    ])
  })

  it.each(['0', '1001', '-1', 'x', '1.5'])('refuses limit=%s', async (limit) => {
    server = await start({})
    const [, [isDone]] = (await form('room_members', { channel_name: 'tea', limit })) as [
      number,
      [boolean],
    ]
    expect(isDone).toBe(false)
    expect(server.asked).toEqual([])
  })
})

describe.each([
  ['room_add', 'roomAdd'],
  ['room_remove', 'roomRemove'],
])('%s', (method, operation) => {
  it('takes one user or several', async () => {
    server = await start({})
    await json(method, { channel_name: 'tea', users: ['ann', 'bob', 'ann'] })
    await form(method, { channel_name: 'tea', users: 'ann, bob' })
    await form(method, { channel_name: 'tea', users: '["ann","bob"]' })
    await form(method, { channel_name: 'tea', user: 'b,b' })
    const both = { channel: 'tea', users: ['ann', 'bob'] }
    expect(commands()).toEqual([both, both, both, { channel: 'tea', users: ['b,b'] }])
    expect(server.asked[0]?.operation).toBe(operation)
  })

  it.each([
    [{ channel_name: 'tea' }, 200],
    [{ channel_name: 'tea', users: [] }, 200],
    [{ channel_name: 'tea', users: [null] }, 200],
    [{ channel_name: 'tea', users: Array.from({ length: 1001 }, () => 'ann') }, 400],
  ])('refuses %j', async (fields, status) => {
    server = await start({})
    const answer = await json(method, fields)
    expect(answer).toEqual([status, [false, { msg: expect.any(String) as unknown }]])
    expect(server.asked).toEqual([])
  })
})

describe('room_unread', () => {
  it('tells of one room, or of all by page', async () => {
    const one = { channel_name: 'tea', unread: 2, read_offset: 3 }
    server = await start({
      answers: { roomUnread: () => one, roomsUnread: () => ({ rooms: [one], next: 'tea' }) },
    })
    expect(await form('room_unread', { user: 'ann', channel_name: 'tea' })).toEqual([
      200,
      [true, one],
    ])
    expect(await json('room_unread', { user: 'ann', after: 'a', limit: 5 })).toEqual([
      200,
      [true, { rooms: [one], next: 'tea' }],
    ])
    expect(commands()).toEqual([
      { user: 'ann', channel: 'tea' },
      { user: 'ann', after: 'a', limit: 5 },
    ])
  })

  it('needs a user', async () => {
    server = await start({})
    expect(await json('room_unread', {})).toEqual([200, [false, { msg: 'Missing user' }]])
  })
})
