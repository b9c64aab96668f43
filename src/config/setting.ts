/**
 * What one setting of Offhook is. Settings are plain data, so that flags, environment, file keys, defaults, types and
 * the reference pages all derive from the same lines.
 */

interface SettingFields {
  /** Offhook's own long flag without dashes; the environment name and the file's key derive from it. */
  readonly flag: string
  /** Hookbox's names for the same thing; may include `flag` itself. */
  readonly hookbox?: readonly string[]
  /** One letter. */
  readonly short?: string
  /** Never printed; may come from a file; one on the command line gets a notice. */
  readonly secret?: true
  /** One sentence for `--help` and docs/reference/configuration.md. */
  readonly doc: string
  /** What happens when the limit is reached; puts the setting into docs/reference/limits.md. */
  readonly limit?: string
  /** Word for the value in the help; the kind has a default one. */
  readonly placeholder?: string
}

interface TextFields extends SettingFields {
  readonly format?: TextFormat
}

interface RangeFields extends SettingFields {
  readonly default: number
  readonly min: number
  readonly max: number
}

/** What a text must look like; `formats.ts` says how each is checked. */
export type TextFormat =
  | 'host'
  | 'host-and-port'
  | 'http-url'
  | 'app-url'
  | 'origin'
  | 'url-path'
  | 'hook-path'
  | 'address-range'
  | 'cookie-name'
  | 'signing-secret'
  | 'store'
  | 'header-value'
  | 'name-part'
  | 'room-glob'

/** One setting. `seconds` are given in seconds and kept in milliseconds; `bytes` may be given as `64KiB`. */
export type Setting =
  | (TextFields & { readonly kind: 'text'; readonly default: string })
  | (TextFields & { readonly kind: 'list'; readonly default: readonly string[] })
  | (SettingFields & { readonly kind: 'switch'; readonly default: boolean })
  | (SettingFields & { readonly kind: 'port'; readonly default: number | null })
  | (RangeFields & { readonly kind: 'integer' })
  | (RangeFields & { readonly kind: 'seconds' })
  | (RangeFields & { readonly kind: 'bytes' })
  | (SettingFields & {
      readonly kind: 'choice'
      readonly default: string
      readonly choices: readonly string[]
      /** Other spellings of a choice. */
      readonly spellings?: Readonly<Record<string, string>>
    })

/** Settings of one topic by their key in `Config`. */
export type SettingTable = Readonly<Record<string, Setting>>

/** The type a setting's value has in `Config`. */
export type SettingValue<S extends Setting> = S extends { kind: 'choice'; choices: infer Choices }
  ? Choices extends readonly (infer Choice)[]
    ? Choice
    : never
  : S extends { kind: 'list' }
    ? readonly string[]
    : S extends { kind: 'switch' }
      ? boolean
      : S extends { kind: 'text' }
        ? string
        : S extends { kind: 'port'; default: null }
          ? number | null
          : number

/** All long flags of a setting, Offhook's own first. */
export function flagNames(setting: Setting): readonly string[] {
  return [...new Set([setting.flag, ...(setting.hookbox ?? [])])]
}

/** The environment variable of a long flag: `hook-timeout` is `OFFHOOK_HOOK_TIMEOUT`. */
export function environmentName(flag: string): string {
  return `OFFHOOK_${flag.replaceAll('-', '_').toUpperCase()}`
}

/** The default as `Config` holds it: seconds become milliseconds. */
export function defaultValue(setting: Setting): Setting['default'] {
  return setting.kind === 'seconds' ? Math.round(setting.default * 1000) : setting.default
}
