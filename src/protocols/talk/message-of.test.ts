import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { Entry } from '../../core/entry.ts'
import { type MessageStyle, messageOf } from './message-of.ts'

const seed: MessageStyle = { compat: 'seed', regularType: 'message' }

const info = '{"id":7,"name":"Ann Example","big":12345678901234567890}'

const spoken: Entry = {
  kind: 'publish',
  id: 'e1',
  at: 1_414_768_486_196,
  type: 'message',
  author: { user: '7', name: 'Ann Example', info },
  content: '{"body":"hi"}',
  encoding: 'json',
  epoch: 'x',
  offset: 5,
  count: 5,
}

const fromHookbox: Entry = {
  kind: 'publish',
  id: 'e2',
  at: 1_414_768_486_000,
  author: { user: 'bob', connection: 'c1' },
  content: '"hi"',
  encoding: 'json',
  epoch: 'x',
  offset: 6,
  count: 6,
}

function told(entry: Entry, style = seed): unknown {
  return JSON.parse(messageOf(entry, 'room_hipo', style))
}

const stamps = ['timestamp', 'type', 'author', 'profile', 'token']

describe('a message of talk', () => {
  it('is its object with what the server says of it', () => {
    expect(messageOf(spoken, 'room_hipo', seed)).toBe(
      `{"body":"hi","timestamp":1414768486.196,"type":"message","author":"Ann Example","profile":${info},"token":"room_hipo"}`,
    )
  })

  it('has only what the server says where it was empty', () => {
    const { timestamp, ...rest } = told({ ...spoken, content: '{ }' }) as Record<string, unknown>
    expect(timestamp).toBe(1_414_768_486.196)
    expect(Object.keys(rest)).toEqual(['type', 'author', 'profile', 'token'])
  })

  it('always has a fraction in its time', () => {
    expect(messageOf({ ...spoken, at: 2000 }, 'r', seed)).toContain('"timestamp":2.000,')
  })

  it('says its type once, and the one it was stored with', () => {
    for (const content of ['{"type":"photo","n":1.0}', '{"n":1.0,"\\u0074ype":5}']) {
      const text = messageOf({ ...spoken, type: 'photo', content }, 'r', seed)
      expect(text).toMatch(/^\{"n":1\.0,"timestamp":/)
      expect(text.match(/"type"/g)).toHaveLength(1)
      expect(JSON.parse(text)).toMatchObject({ type: 'photo' })
    }
  })

  it('has the profile as its author for clients of release 0.1', () => {
    const style = { ...seed, compat: '0.1' } as const
    expect(told(spoken, style)).toMatchObject({ author: { id: 7, name: 'Ann Example' } })
    expect(told({ ...fromHookbox, author: {} }, style)).toMatchObject({ author: null })
  })

  it('has nobody as its author where the app itself spoke', () => {
    const system = { ...spoken, author: { user: null, info: 'null' } }
    expect(told(system)).toMatchObject({ author: null, profile: null })
  })
})

describe('a publish of Hookbox', () => {
  it.each([
    ['"hi"', { message: 'hi' }],
    ['[1, 2]', { message: [1, 2] }],
    ['null', { message: null }],
    [' { "body" : "hi" } ', { body: 'hi' }],
    ['{"author":"eve","token":"t","body":"hi"}', { body: 'hi' }],
    ['{"type":"photo"}', { type: 'photo' }],
    ['{"type":5}', {}],
    ['{"type":""}', {}],
  ])('is an object spread, or the message of one: %s', (content, expected) => {
    expect(told({ ...fromHookbox, content })).toEqual({
      timestamp: 1_414_768_486,
      type: 'message',
      author: 'bob',
      profile: { name: 'bob' },
      token: 'room_hipo',
      ...expected,
    })
  })

  it('without an originator, or on an anonymous channel, has no author and no profile', () => {
    for (const author of [{}, { user: null }]) {
      expect(told({ ...fromHookbox, author })).toMatchObject({ author: null, profile: null })
    }
  })

  it('that is binary is told as the text it is kept as', () => {
    const binary = { ...fromHookbox, content: 'AQID', encoding: 'binary' } as const
    expect(told(binary)).toMatchObject({ message: 'AQID' })
  })
})

describe('any content', () => {
  const key = fc.oneof(fc.constantFrom(...stamps, '__proto__', 'body', 'a"'), fc.string())
  const object = fc
    .array(fc.tuple(key, fc.jsonValue({ maxDepth: 3 })), { maxLength: 6 })
    .map((pairs) => pairs.map(([name, value]) => `${spell(name)}: ${JSON.stringify(value)}`))
    .map((members) => `{${members.join(' , ')}}`)

  /** A key that is or begins with a backslash makes JSON.parse read later ones wrongly (nodejs/node#63785). */
  function isParsedRight(json: string): boolean {
    return !/"\\(?!u0074)/.test(json)
  }

  /** As an escape where it can be, so that spelling hides nothing. */
  function spell(name: string): string {
    return JSON.stringify(name).replace(/t/g, '\\u0074')
  }

  it.each(['talk', 'hookbox'])('becomes JSON in which only the server stamps: %s', (maker) => {
    fc.assert(
      fc.property(fc.oneof(object, fc.json({ maxDepth: 3 })).filter(isParsedRight), (content) => {
        const made = maker === 'talk' ? { ...spoken, content } : { ...fromHookbox, content }
        const text = messageOf(made, 'room', seed)
        const message = JSON.parse(text) as Record<string, unknown>
        expect(message['timestamp']).toBe(made.at / 1000)
        expect(message['token']).toBe('room')
        expect(message['profile']).toEqual(maker === 'talk' ? JSON.parse(info) : { name: 'bob' })
        expect(Object.getPrototypeOf(message)).toBe(Object.prototype)
        const value: unknown = JSON.parse(content)
        const isObject = typeof value === 'object' && value !== null && !Array.isArray(value)
        const rest = Object.entries(isObject ? value : { message: value })
        const kept = rest.filter(([name]) => !stamps.includes(name))
        const own = Object.entries(message).filter(([name]) => !stamps.includes(name))
        expect(Object.fromEntries(own)).toEqual(Object.fromEntries(kept))
      }),
    )
  })

  it('names no stamp twice', () => {
    const member = fc.tuple(fc.constantFrom(...stamps, 'body'), fc.nat(), fc.boolean())
    fc.assert(
      fc.property(fc.array(member, { maxLength: 8 }), (members) => {
        const written = members.map(([name, value, isSpelled]) => {
          return `${isSpelled ? spell(name) : JSON.stringify(name)}:${value}`
        })
        const text = messageOf({ ...spoken, content: `{${written.join(',')}}` }, 'r', seed)
        const keys = [...text.replace(info, '0').matchAll(/("[^"]*"):/g)].map(([, key = '']) =>
          String(JSON.parse(key)),
        )
        const bodies = members.filter(([name]) => name === 'body').map(([name]) => name)
        expect(keys).toEqual([...bodies, ...stamps])
      }),
    )
  })
})
