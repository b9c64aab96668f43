import type { SettingTable } from './setting.ts'

/** What is written down about all that. */
export const logSettings = {
  logLevel: {
    kind: 'choice',
    flag: 'log-level',
    hookbox: ['log-level'],
    short: 'L',
    choices: ['debug', 'info', 'warn', 'error', 'fatal', 'silent'],
    spellings: {
      notset: 'debug',
      warning: 'warn',
      critical: 'fatal',
      '10': 'debug',
      '20': 'info',
      '30': 'warn',
      '40': 'error',
      '50': 'fatal',
    },
    default: 'info',
    doc: "Least serious lines to log; Hookbox's WARNING and CRITICAL are warn and fatal.",
  },
  logFormat: {
    kind: 'choice',
    flag: 'log-format',
    choices: ['text', 'json'],
    default: 'text',
    doc: 'Log lines for people or for machines.',
  },
  logFileErrors: {
    kind: 'text',
    flag: 'log-file-errors',
    hookbox: ['log-file-errors'],
    short: 'E',
    placeholder: 'file',
    default: '',
    doc: 'File for the log, instead of standard error.',
  },
  logFileAccess: {
    kind: 'text',
    flag: 'log-file-access',
    hookbox: ['log-file-access'],
    short: 'A',
    placeholder: 'file',
    default: '',
    doc: 'File for one line per HTTP request; without it none is written.',
  },
} as const satisfies SettingTable
