import { describe, expect, it } from 'vitest'
import { createRandom } from '../../test/helpers/core-world.ts'
import { createManualClock } from '../../test/helpers/manual-clock.ts'
import { configOf } from '../config/config-of.ts'
import { draftChannel, parseChannelOptions, patchOptions } from './channel-options.ts'
import type { Core } from './core.ts'
import { defaultChannelOptions } from './options.ts'

const settings = {
  ...configOf({}),
  maxHistorySize: 100,
  maxPrefilledHistory: 3,
  maxStateBytes: 40,
  maxStateKeys: 4,
  minPollingIntervalMs: 100,
}
const now = 1_790_000_000_000
const core = { clock: createManualClock(now), random: createRandom(1) } as unknown as Core

function parse(given: Record<string, unknown>) {
  return parseChannelOptions(given, settings)
}

describe('parseChannelOptions', () => {
  it.each([
    ['reflective', false],
    ['history_size', 7],
    ['history_duration', 0.5],
    ['history_publish_only', true],
    ['moderated', false],
    ['moderated_publish', true],
    ['moderated_publish', null],
    ['moderated_subscribe', false],
    ['moderated_unsubscribe', false],
    ['presenceful', true],
    ['server_presenceful', true],
    ['server_user_presence', ['ann', 'bob']],
    ['anonymous', true],
  ])('reads %s: %j and nothing else', (option, value) => {
    expect(parse({ [option]: value })).toEqual({ options: { [option]: value } })
  })

  it.each([
    ['reflective', 1],
    ['reflective', null],
    ['history_size', '7'],
    ['history_size', -1],
    ['history_size', 1.5],
    ['history_size', true],
    ['history_duration', '1'],
    ['history_duration', -1],
    ['history_publish_only', 'yes'],
    ['moderated', 'false'],
    ['moderated_publish', 0],
    ['moderated_subscribe', []],
    ['moderated_unsubscribe', {}],
    ['presenceful', null],
    ['server_presenceful', 'true'],
    ['server_user_presence', 'ann'],
    ['server_user_presence', ['']],
    ['server_user_presence', [7]],
    ['anonymous', 'no'],
    ['polling', []],
    ['polling', { mode: 'sometimes' }],
    ['polling', { interval: 0 }],
    ['polling', { interval: '5' }],
    ['polling', { interval: 0.05 }],
    ['polling', { url: null }],
    ['polling', { form: 'a=1' }],
    ['polling', { form: { a: {} } }],
    ['polling', { originator: 7 }],
    ['polling', { every: 5 }],
    ['state', []],
    ['state', null],
    ['state', 'x'],
    ['history', 'x'],
    ['history', [['PUBLISH']]],
    ['history', [['EDIT', {}]]],
    ['history', [['PUBLISH', []]]],
    ['set_history', 5],
  ])('refuses %s: %j with a message that names it', (option, value) => {
    expect(() => parse({ reflective: false, [option]: value })).toThrow(
      new RegExp(`\\b${option}\\b`),
    )
  })

  it.each(['colour', 'constructor', 'toString', 'Reflective', ''])(
    'refuses the unknown %j',
    (key) => {
      expect(() => parse({ [key]: 1 })).toThrow(`Unknown option ${key}`)
    },
  )

  it.each([
    '{"__proto__":{"reflective":false}}',
    '{"state":{"__proto__":1}}',
    '{"polling":{"__proto__":{"mode":"simple"}}}',
  ])('refuses __proto__ in %s', (json) => {
    expect(() => parse(JSON.parse(json))).toThrow('__proto__')
  })

  it('takes a number as history for history_size', () => {
    expect(parse({ history: 5 })).toEqual({ options: { history_size: 5 } })
    expect(() => parse({ history: 101 })).toThrow('history_size is above 100')
  })

  it('takes history and set_history alike as entries', () => {
    const entries = [['PUBLISH', { payload: 1 }]]
    expect(parse({ history: entries })).toEqual({ options: {}, history: entries })
    expect(parse({ set_history: entries })).toEqual({ options: {}, history: entries })
  })

  it('refuses what is above a limit', () => {
    expect(() => parse({ history_size: 101 })).toThrow('history_size is above 100')
    const entries = Array.from({ length: 4 }, () => ['PUBLISH', {}])
    expect(() => parse({ history: entries })).toThrow('history has more than 3')
    expect(() => parse({ state: { a: 'x'.repeat(40) } })).toThrow('State too large')
    expect(() => parse({ state: { a: 1, b: 1, c: 1, d: 1, e: 1 } })).toThrow('State too large')
  })

  it('reads a state as pairs of JSON text', () => {
    expect(parse({ state: { a: { b: [1] }, c: null } }).state).toEqual([
      ['a', '{"b":[1]}'],
      ['c', 'null'],
    ])
  })
})

describe('patchOptions', () => {
  it('merges polling key by key', () => {
    const first = patchOptions(
      defaultChannelOptions,
      parse({ polling: { mode: 'simple', url: 'http://a/', form: { a: 1 } } }),
    )
    expect(patchOptions(first, parse({ polling: { interval: 9 } })).polling).toEqual({
      mode: 'simple',
      interval: 9,
      url: 'http://a/',
      form: { a: 1 },
      originator: '',
    })
  })

  it('leaves what is not named as it is', () => {
    const first = patchOptions(defaultChannelOptions, parse({ anonymous: true, history_size: 3 }))
    expect(patchOptions(first, parse({ reflective: false }))).toEqual({
      ...defaultChannelOptions,
      anonymous: true,
      history_size: 3,
      reflective: false,
    })
  })
})

describe('draftChannel', () => {
  it('cuts given entries to history_size, the newest stay', () => {
    const draft = draftChannel(
      core,
      parse({
        history_size: 2,
        history: [
          ['PUBLISH', { payload: 1 }],
          ['SUBSCRIBE', { user: 'ann' }],
          ['UNSUBSCRIBE', { user: null }],
        ],
      }),
    )
    expect(draft.history.map(({ kind, given }) => [kind, given])).toEqual([
      ['join', '["SUBSCRIBE",{"user":"ann"}]'],
      ['leave', '["UNSUBSCRIBE",{"user":null}]'],
    ])
    expect(draft.staticHistory).toEqual([])
  })

  it('keeps them beside a channel without history', () => {
    const draft = draftChannel(core, parse({ history: [['PUBLISH', { payload: 1 }]] }))
    expect(draft.history).toEqual([])
    expect(draft.staticHistory).toHaveLength(1)
  })

  it('lets an entry without a readable datetime age from now', () => {
    const draft = draftChannel(
      core,
      parse({
        history_size: 3,
        history: [
          ['PUBLISH', {}],
          ['PUBLISH', { datetime: 'yesterday' }],
          ['PUBLISH', { datetime: '2020-01-02T03:04:05' }],
        ],
      }),
    )
    expect(draft.history.map(({ at }) => at)).toEqual([
      now,
      now,
      new Date(2020, 0, 2, 3, 4, 5).getTime(),
    ])
  })
})
