import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Entry } from '../../core/entry.ts'
import type { Event } from '../../core/event.ts'
import { defaultChannelOptions } from '../../core/options.ts'
import { hookboxProtocol } from './protocol.ts'

const at = new Date(2026, 8, 7, 6, 5, 4, 321).getTime()
const datetime = '2026-09-07T06:05:04'

const entry: Entry = {
  kind: 'publish',
  id: 'e1',
  at,
  author: { user: 'ann', connection: 'c1' },
  content: '{"a":[1]}',
  encoding: 'json',
  epoch: 'x',
  offset: 5,
  count: 5,
}

const encoder = hookboxProtocol.open({ maxFrameBytes: 1000 }).encoder

function textOf(event: object): string {
  return encoder.encode(event as Event)?.text ?? ''
}

/** Name and arguments of the frame that tells an event. */
function tell(event: object): [name: string, args: unknown] {
  const [, name, args] = JSON.parse(textOf(event)) as [number, string, unknown]
  return [name, args]
}

const snapshot = {
  event: 'snapshot',
  channel: 'room',
  user: 'ann',
  head: { epoch: 'x', offset: 5, version: 2, count: 5 },
  options: { ...defaultChannelOptions, history_size: 3, history_duration: 60 },
  history: [],
  recovered: false,
  state: [],
  presence: [],
}

describe('version 1 frames', () => {
  it('tell of a publish', () => {
    expect(tell({ event: 'publish', channel: 'room', entry })).toEqual([
      'PUBLISH',
      { channel_name: 'room', payload: { a: [1] }, user: 'ann', datetime },
    ])
  })

  it('name the presence where it is given', () => {
    const [, args] = tell({ event: 'publish', channel: 'room', entry, presence: ['ann', 'bob'] })
    expect(args).toHaveProperty('presence', ['ann', 'bob'])
  })

  it('have no user on anonymous channels and null for the app', () => {
    const anonymous = { event: 'publish', channel: 'room', entry: { ...entry, author: {} } }
    expect(tell(anonymous)[1]).toEqual({ channel_name: 'room', payload: { a: [1] }, datetime })
    const app = { event: 'publish', channel: 'room', entry: { ...entry, author: { user: null } } }
    expect(tell(app)[1]).toHaveProperty('user', null)
  })

  it('tell of coming and going', () => {
    const args = { channel_name: 'room', user: 'ann', datetime }
    expect(tell({ event: 'join', channel: 'room', user: 'ann', at, offset: 3 })).toEqual([
      'SUBSCRIBE',
      args,
    ])
    expect(tell({ event: 'leave', channel: 'room', user: 'ann', at })).toEqual([
      'UNSUBSCRIBE',
      args,
    ])
  })

  it('tell of a state’s changes, always both lists, __proto__ too', () => {
    const text = textOf({
      event: 'state',
      channel: 'room',
      updates: [['__proto__', '{"a":1}']],
      deletes: [],
    })
    expect(text).toMatch(/"updates":\{"__proto__":\{"a":1\}\},"deletes":\[\]\}\]\r\n$/)
  })

  it('tell of a message', () => {
    const event = { event: 'message', sender: 'ann', recipient: 'bob', payload: '[1]', at }
    expect(tell(event)).toEqual([
      'MESSAGE',
      { sender: 'ann', recipient: 'bob', payload: [1], datetime },
    ])
  })

  it('tell of a cookie', () => {
    expect(tell({ event: 'cookie', cookie: 'a=1; Path=/' })).toEqual([
      'SET_COOKIE',
      { cookie: 'a=1; Path=/' },
    ])
  })

  it('show a channel as it is, initial data only where there is some', () => {
    expect(tell(snapshot)).toEqual([
      'SUBSCRIBE',
      {
        channel_name: 'room',
        user: 'ann',
        history: [],
        history_size: 3,
        history_duration: 60,
        state: {},
        presence: [],
      },
    ])
    expect(tell({ ...snapshot, initialData: 'null' })[1]).toHaveProperty('initial_data', null)
  })

  it('show history entries by their kind, and given ones as given', () => {
    const history = [
      { ...entry, kind: 'join', content: '' },
      entry,
      { ...entry, kind: 'leave', content: '', author: {} },
      { ...entry, given: '["PUBLISH",{"payload":1}]' },
    ]
    expect(tell({ ...snapshot, history })[1]).toHaveProperty('history', [
      ['SUBSCRIBE', { user: 'ann', datetime }],
      ['PUBLISH', { payload: { a: [1] }, user: 'ann', datetime }],
      ['UNSUBSCRIBE', { datetime }],
      ['PUBLISH', { payload: 1 }],
    ])
  })

  it('are one line of ASCII with the value that was published, whatever it is', () => {
    const name = fc.string({ unit: 'binary', minLength: 1, maxLength: 20 })
    const value = fc.jsonValue({ stringUnit: 'binary' })
    fc.assert(
      fc.property(name, name, value, (channel, user, payload) => {
        const content = JSON.stringify(payload)
        const event = { event: 'publish', channel, entry: { ...entry, author: { user }, content } }
        const text = textOf(event)
        expect(text.slice(0, -2)).toMatch(/^[\u0020-\u007e]*$/)
        expect(text.slice(-2)).toBe('\r\n')
        const [, args] = tell(event)
        expect(args).toMatchObject({ channel_name: channel, user, payload: JSON.parse(content) })
      }),
    )
  })

  it('have ids that grow', () => {
    const ids = [1, 2, 3].map(() => JSON.parse(textOf(snapshot))[0] as number)
    expect(ids).toEqual(ids.toSorted((a, b) => a - b))
    expect(new Set(ids).size).toBe(3)
  })
})

describe('datetime', () => {
  const zone = process.env['TZ']
  beforeAll(() => {
    process.env['TZ'] = 'Asia/Tokyo'
  })
  afterAll(() => {
    if (zone === undefined) delete process.env['TZ']
    else process.env['TZ'] = zone
  })

  it('is the server’s local time, whole seconds, without a zone', () => {
    const event = {
      event: 'leave',
      channel: 'a',
      user: 'b',
      at: Date.UTC(2026, 0, 1, 20, 0, 0, 999),
    }
    expect(tell(event)[1]).toHaveProperty('datetime', '2026-01-02T05:00:00')
  })

  it('differs from one second to the next, and back', () => {
    const times = [1000, 1999, 2000, 1000].map((ms) => {
      const [, args] = tell({ event: 'leave', channel: 'a', user: 'b', at: ms })
      return (args as { datetime: string }).datetime.slice(-2)
    })
    expect(times).toEqual(['01', '01', '02', '01'])
  })
})
