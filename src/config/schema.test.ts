import { readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { flagSpecs } from './flag-spec.ts'
import { helpText } from './help.ts'
import { parseValue } from './parse-value.ts'
import { configurationPage, limitsPage } from './reference.ts'
import { settingGroups, settingNames, settings } from './schema.ts'
import { environmentName, flagNames } from './setting.ts'

describe('the schema', () => {
  test('no two settings share a key, a flag, a letter or a variable', () => {
    const keys = settingGroups.flatMap((group) => Object.keys(group.settings))
    const specs = flagSpecs([])
    const flags = specs.map(({ flag }) => flag)
    const letters = specs.flatMap(({ short }) => (short ? [short] : []))
    const variables = settingNames.map(({ flag }) => environmentName(flag))
    for (const names of [keys, flags, letters, variables]) {
      expect(names.filter((name, index) => names.indexOf(name) !== index)).toEqual([])
    }
  })

  test.each([...settings])('%s has a default that is allowed, and a sentence', (_key, setting) => {
    expect(parseValue(setting, setting.default)).not.toHaveProperty('problem')
    expect(setting.doc).toMatch(/^[A-Z].*\.$/)
    expect(setting.limit ?? 'Stated.').toMatch(/^[A-Z].*\.$/)
  })
})

describe('the help', () => {
  test('lists every option with its other names and its variable', () => {
    const help = helpText({ columns: 1000 })
    for (const setting of settings.values()) {
      expect(help).toContain(`--${setting.flag}`)
      expect(help).toContain(environmentName(setting.flag))
      for (const flag of flagNames(setting)) expect(help).toContain(`--${flag}`)
    }
    for (const { title } of settingGroups) expect(help).toContain(`\n${title}:\n`)
  })
})

describe('the reference pages', () => {
  const pages = { 'configuration.md': configurationPage, 'limits.md': limitsPage }

  test.each(Object.entries(pages))('%s is up to date (else: npm run docs)', (file, page) => {
    const written = readFileSync(new URL(`../../docs/reference/${file}`, import.meta.url), 'utf8')
    expect(written).toBe(page())
  })
})
