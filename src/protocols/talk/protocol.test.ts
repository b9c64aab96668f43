import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { Refusal, type RefusalCode } from '../../core/errors.ts'
import type { Event } from '../../core/event.ts'
import { createTalk } from './protocol.ts'

const talk = createTalk({ compat: 'seed', regularType: 'message' })

function open(maxFrameBytes = 1000) {
  return talk('tea').open({ maxFrameBytes })
}

/** A key that is or begins with a backslash makes JSON.parse read later ones wrongly (nodejs/node#63785). */
function isParsedRight(value: unknown): boolean {
  return !JSON.stringify(value).includes('"\\')
}

/** The one thing that a message comes to. */
function read(text: string, maxFrameBytes?: number) {
  const [received, ...more] = open(maxFrameBytes).receive(text)
  if (received === undefined || more.length > 0) throw new Error('not one')
  return 'command' in received ? received.command : received.refusal.code
}

describe('a message', () => {
  it('is published to the room, as it was written', () => {
    expect(read('{"body": "hi", "n": 1.0e2}')).toEqual({
      op: 'publish',
      channel: 'tea',
      payload: '{"body": "hi", "n": 1.0e2}',
      type: 'message',
    })
  })

  it('stands on one line', () => {
    expect(read('\n{\r\n"a":\n"b"\n}\n')).toMatchObject({ payload: '{ "a": "b" }' })
  })

  it.each([
    ['{"type":"photo"}', 'photo'],
    [`{"type":"${'é'.repeat(200)}"}`, 'é'.repeat(200)],
    ['{"type":""}', 'message'],
    ['{"type":7}', 'message'],
    [`{"type":"${'x'.repeat(201)}"}`, 'message'],
    ['{"type":"a","type":"b"}', 'b'],
  ])('says its type: %s', (text, type) => {
    expect(read(text)).toMatchObject({ type })
  })

  it('is not believed who it is from, when and where', () => {
    const text =
      '{"a":1.0,"timestamp":1,"\\u0061uthor":"eve","profile":{"author":{}},"token":[","],"b":{"token":"kept"},"token":2}'
    expect(read(text)).toMatchObject({ payload: '{"a":1.0,"b":{"token":"kept"}}' })
    expect(read('{"token":"t"}')).toMatchObject({ payload: '{}' })
  })

  it('hides no key behind one that was parsed before', () => {
    read('{"a":1,"\\\\u007":2,"c":3}')
    const text = '{"a":1,"\\u0074oken":"eve","c":3}'
    expect(read(text)).toMatchObject({ payload: '{"a":1,"c":3}' })
  })

  it('may have a key __proto__, which is only a key', () => {
    const payload = '{"__proto__":{"type":"photo"}}'
    expect(read(`{"token":1,"__proto__":{"type":"photo"}}`)).toMatchObject({
      payload,
      type: 'message',
    })
  })

  it.each(['', 'hi', '"hi"', '[]', 'null', '7', '{', '{"a":1}{"b":2}', '{"a":"\\ud800"}'])(
    'that is no JSON object is refused: %j',
    (text) => {
      expect(read(text)).toBe('invalid_message')
    },
  )

  it('may not be nested too deep', () => {
    const deep = (levels: number) => `{"a":${'['.repeat(levels)}${']'.repeat(levels)}}`
    expect(read(deep(31))).toHaveProperty('op')
    expect(read(deep(32))).toBe('invalid_message')
  })

  it('may not be larger than a frame, in bytes', () => {
    const text = '{"a":"é"}'
    expect(read(text, 10)).toHaveProperty('op')
    expect(read(text, 9)).toBe('frame_too_large')
    expect(read('x'.repeat(11), 10)).toBe('frame_too_large')
  })

  it('of any object loses exactly what is not believed', () => {
    const claimed = ['timestamp', 'author', 'profile', 'token']
    const key = fc.oneof(fc.constantFrom(...claimed, '__proto__'), fc.string())
    const made = fc.dictionary(key, fc.jsonValue({ maxDepth: 3 }))
    fc.assert(
      fc.property(made.filter(isParsedRight), (object) => {
        const text = JSON.stringify(object, null, 1)
        const command = read(text, 100_000)
        if (typeof command === 'string' || command.op !== 'publish') throw new Error('refused')
        const entries = Object.entries(JSON.parse(text) as object)
        const kept = entries.filter(([name]) => !claimed.includes(name))
        expect(JSON.parse(command.payload)).toEqual(Object.fromEntries(kept))
        expect(command.payload).not.toMatch(/[\r\n]/)
      }),
    )
  })
})

describe('what a client is told', () => {
  const session = open()
  const goodbye = (code: RefusalCode) =>
    session.goodbye({ refusal: new Refusal(code), afterMs: 0 })?.text
  const reply = (code: RefusalCode) =>
    session.reply({ ref: null, refusal: new Refusal(code) })?.text

  it('is each refusal once: where the link ends, by the goodbye', () => {
    expect(reply('invalid_message')).toBe('{"ERROR": "invalid message"}')
    expect(reply('store_failed')).toBe('{"ERROR": "Temporarily unavailable"}')
    for (const code of ['frame_too_large', 'authentication_error', 'shut_out'] as const) {
      expect(reply(code)).toBeUndefined()
      expect(goodbye(code)).toBe(`{"ERROR": ${JSON.stringify(new Refusal(code).message)}}`)
    }
  })

  it('is nothing where the end is nobody’s fault', () => {
    for (const code of ['draining', 'expired', 'slow_consumer', 'kicked', 'goodbye'] as const) {
      expect(goodbye(code)).toBeUndefined()
    }
  })

  it('is nothing of what was done', () => {
    expect(session.reply({ ref: null, done: { op: 'publish', published: { at: 1 } } })).toBe(
      undefined,
    )
    expect(session.echo('"x"')).toBe('"x"')
    expect([session.pending, session.endedFrame]).toEqual([false, true])
  })

  it('is each publish, by the one encoder of all rooms', () => {
    const { encoder } = talk('other').open({ maxFrameBytes: 1 })
    expect(encoder).toBe(session.encoder)
    const entry = { at: 1000, author: {}, content: '"hi"', encoding: 'json', kind: 'publish' }
    const publish = { event: 'publish', channel: 'tea', entry } as unknown as Event
    expect(JSON.parse(encoder.encode(publish)?.text ?? '')).toMatchObject({
      message: 'hi',
      token: 'tea',
    })
    const typing: Event = { event: 'typing', channel: 'tea', user: 'ann' }
    expect(encoder.encode(typing)).toBeUndefined()
  })
})
