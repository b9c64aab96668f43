import { describe, expect, it } from 'vitest'
import { defaultUserOptions } from './options.ts'
import { parseUserOptions } from './user-options.ts'

describe('parseUserOptions', () => {
  it('gives what is not named its default', () => {
    expect(parseUserOptions({}, 'ignore unknown')).toEqual(defaultUserOptions)
    expect(parseUserOptions({ reflective: false }, 'ignore unknown')).toEqual({
      ...defaultUserOptions,
      reflective: false,
    })
  })

  it('keeps what is not named as it is where a base is given', () => {
    const base = { ...defaultUserOptions, moderated_message: false, auto_subscribe: ['a'] }
    expect(parseUserOptions({ reflective: false }, 'refuse unknown', base)).toEqual({
      ...base,
      reflective: false,
    })
  })

  it.each([
    'reflective',
    'moderated_message',
    'per_connection_subscriptions',
    'global_unsubscriptions',
  ])('reads %s and refuses what is no flag by its name', (option) => {
    const isDefault = defaultUserOptions[option as keyof typeof defaultUserOptions]
    const parsed = parseUserOptions({ [option]: !isDefault }, 'refuse unknown')
    expect(parsed).toEqual({ ...defaultUserOptions, [option]: !isDefault })
    for (const wrong of [1, 'true', null, []]) {
      const parse = (how: 'ignore unknown' | 'refuse unknown') =>
        parseUserOptions({ [option]: wrong }, how)
      expect(() => parse('refuse unknown')).toThrow(`option ${option}`)
      expect(() => parse('ignore unknown')).toThrow(`option ${option}`)
    }
  })

  it('ignores other keys of a hook’s answer, and refuses them in REST', () => {
    const given = { name: 'ann', extra: 1 }
    expect(parseUserOptions(given, 'ignore unknown')).toEqual(defaultUserOptions)
    expect(() => parseUserOptions(given, 'refuse unknown')).toThrow('Unknown option name')
  })

  it('takes names only from auto_subscribe of an answer, and refuses a bad list in REST', () => {
    const given = { auto_subscribe: ['a', 7, '', 'b\n', 'c'] }
    expect(parseUserOptions(given, 'ignore unknown').auto_subscribe).toEqual(['a', 'c'])
    expect(() => parseUserOptions(given, 'refuse unknown')).toThrow('option auto_subscribe')
    expect(parseUserOptions({ auto_subscribe: 'a' }, 'ignore unknown').auto_subscribe).toEqual([])
  })

  it('never takes __proto__ for anything', () => {
    const given = JSON.parse('{"__proto__":{"reflective":false}}')
    expect(parseUserOptions(given, 'ignore unknown')).toEqual(defaultUserOptions)
    expect(() => parseUserOptions(given, 'refuse unknown')).toThrow('Unknown option __proto__')
  })
})
