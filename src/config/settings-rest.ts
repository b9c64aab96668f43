import type { SettingTable } from './setting.ts'

/** How the app drives Offhook (spec/hookbox.md §6). */
export const restSettings = {
  apiToken: {
    kind: 'text',
    flag: 'api-token',
    hookbox: ['api-security-token', 'rest-secret'],
    short: 'r',
    secret: true,
    default: '',
    doc: 'Turns REST on: the token that each call must carry.',
  },
  webApiPort: {
    kind: 'port',
    flag: 'web-api-port',
    hookbox: ['web-api-port'],
    short: 'w',
    default: null,
    doc: 'Port of its own for REST, which then leaves the main one.',
  },
  webApiInterface: {
    kind: 'text',
    flag: 'web-api-interface',
    hookbox: ['web-api-interface'],
    short: 'W',
    format: 'host',
    placeholder: 'address',
    default: '',
    doc: 'Address that --web-api-port listens on; empty: as --interface.',
  },
  ignorePublishNonExistingChannels: {
    kind: 'switch',
    flag: 'ignore-publish-non-existing-channels',
    hookbox: ['ignore-publish-non-existing-channels'],
    short: 'x',
    default: false,
    doc: 'REST publishes to a channel that does not exist do nothing, instead of being an error.',
  },
  setConfig: {
    kind: 'switch',
    flag: 'set-config',
    default: true,
    doc: 'Whether REST may change settings at run time (set_config).',
  },
  adminPassword: {
    kind: 'text',
    flag: 'admin-password',
    hookbox: ['admin-password'],
    short: 'a',
    secret: true,
    default: '',
    doc: 'Password of the console at /admin; without effect in this version, which has none yet.',
  },
} as const satisfies SettingTable
