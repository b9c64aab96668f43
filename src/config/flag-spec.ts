import { type SettingName, settingNames } from './schema.ts'

/** One long flag that the command line knows. */
export interface FlagSpec {
  /** Without dashes. */
  readonly flag: string
  readonly short?: string
  readonly takes: 'value' | 'optional value' | 'nothing'
  /** The setting it gives; others are `special` (help, config …) or belong to one command. */
  readonly name?: SettingName
  /** Hookbox had a flag of this name: it wins where a prefix would be ambiguous. */
  readonly fromHookbox: boolean
}

/** A flag of one command only, such as `--channel` of `offhook hook`. Always takes a value. */
export interface CommandFlag {
  readonly flag: string
  readonly placeholder: string
  readonly doc: string
}

const specials: readonly FlagSpec[] = [
  { flag: 'config', takes: 'value', fromHookbox: false },
  { flag: 'help', short: 'h', takes: 'nothing', fromHookbox: true },
  { flag: 'version', short: 'V', takes: 'nothing', fromHookbox: false },
  { flag: 'debug', short: 'd', takes: 'nothing', fromHookbox: true },
  { flag: 'objgraph', short: 'o', takes: 'value', fromHookbox: true },
]

/** Hookbox's flags that mean nothing here; scripts that give them still start. */
export const ignoredFlags: readonly string[] = ['debug', 'objgraph']

/** Every flag, with those of the command at hand. */
export function flagSpecs(commandFlags: readonly CommandFlag[]): readonly FlagSpec[] {
  return [
    ...settingNames.map(specOfName),
    ...specials,
    ...commandFlags.map(({ flag }): FlagSpec => ({ flag, takes: 'value', fromHookbox: false })),
  ]
}

/** The letter stands for the setting's first name. */
function specOfName(name: SettingName): FlagSpec {
  const { setting, flag, from } = name
  const isFirst = from === 'value' && flag === setting.flag
  return {
    flag,
    ...(isFirst && setting.short ? { short: setting.short } : {}),
    takes: setting.kind === 'switch' ? 'optional value' : 'value',
    name,
    fromHookbox: setting.hookbox?.includes(flag) ?? false,
  }
}
