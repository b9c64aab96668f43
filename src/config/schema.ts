import { flagNames, type Setting, type SettingTable, type SettingValue } from './setting.ts'
import { appSettings } from './settings-app.ts'
import { channelSettings } from './settings-channels.ts'
import { hookPathSettings } from './settings-hook-paths.ts'
import { domainLimits, linkLimits } from './settings-limits.ts'
import { logSettings } from './settings-logs.ts'
import { restSettings } from './settings-rest.ts'
import { serverSettings } from './settings-server.ts'
import { storageSettings } from './settings-storage.ts'
import { talkSettings } from './settings-talk.ts'

/** Settings of one topic, in the order of the help and of the reference pages. */
export interface SettingGroup {
  readonly title: string
  readonly settings: SettingTable
}

/** The whole schema, by topic. */
export const settingGroups: readonly SettingGroup[] = [
  { title: 'Server', settings: serverSettings },
  { title: 'App and hooks', settings: appSettings },
  { title: 'Paths of the hooks', settings: hookPathSettings },
  { title: 'REST and console', settings: restSettings },
  { title: 'Channels', settings: channelSettings },
  { title: 'Rooms and the talk protocol', settings: talkSettings },
  { title: 'Storage and nodes', settings: storageSettings },
  { title: 'Logs', settings: logSettings },
  { title: 'Limits of links and requests', settings: linkLimits },
  { title: 'Limits of channels, users and hooks', settings: domainLimits },
]

type Schema = typeof serverSettings &
  typeof appSettings &
  typeof hookPathSettings &
  typeof restSettings &
  typeof channelSettings &
  typeof talkSettings &
  typeof storageSettings &
  typeof logSettings &
  typeof linkLimits &
  typeof domainLimits

/** The key of a setting in `Config`. */
export type SettingKey = keyof Schema

/** The value of each setting. */
export type Settings = { readonly [Key in SettingKey]: SettingValue<Schema[Key]> }

/** Every setting by its key, in the order of the groups. */
export const settings: ReadonlyMap<SettingKey, Setting> = new Map(
  settingGroups.flatMap((group) => Object.entries(group.settings) as [SettingKey, Setting][]),
)

/** What a flag, environment variable or file key stands for. `from: 'file'`: its value is a file that holds the secret. */
export interface SettingName {
  readonly key: SettingKey
  readonly setting: Setting
  /** The long flag without dashes. */
  readonly flag: string
  readonly from: 'value' | 'file'
}

/** Every name of every setting, `--NAME-file` of the secrets included. */
export const settingNames: readonly SettingName[] = [...settings].flatMap(([key, setting]) =>
  flagNames(setting).flatMap((flag): SettingName[] => {
    const name: SettingName = { key, setting, flag, from: 'value' }
    return setting.secret ? [name, { ...name, flag: `${flag}-file`, from: 'file' }] : [name]
  }),
)
