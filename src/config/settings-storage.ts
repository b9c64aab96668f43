import type { SettingTable } from './setting.ts'

/** What lasts, and how nodes keep in step. */
export const storageSettings = {
  store: {
    kind: 'text',
    flag: 'store',
    format: 'store',
    placeholder: 'store',
    default: 'level:./data',
    doc: 'Where channels, histories and notices are kept: level:FOLDER or memory.',
  },
  recoveryEntries: {
    kind: 'integer',
    flag: 'recovery-entries',
    default: 1000,
    min: 0,
    max: 1_000_000,
    doc: 'Entries that a channel with history keeps for healing and resume, whatever its history_size shows.',
  },
  recoverySeconds: {
    kind: 'integer',
    flag: 'recovery-seconds',
    default: 300,
    min: 0,
    max: 86_400,
    doc: 'How old those entries may get, in seconds.',
  },
  nodeTimeoutMs: {
    kind: 'seconds',
    flag: 'node-timeout',
    default: 30,
    min: 1,
    max: 3600,
    doc: 'How long a node may be silent before it counts as dead.',
  },
  healIntervalMs: {
    kind: 'seconds',
    flag: 'heal-interval',
    default: 5,
    min: 0.1,
    max: 300,
    doc: 'How often a node asks the store what it may have missed.',
  },
} as const satisfies SettingTable
