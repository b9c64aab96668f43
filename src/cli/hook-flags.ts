import type { CommandFlag } from '../config/flag-spec.ts'

/** What `offhook hook NAME` may be given besides the settings. */
export const hookFlags: readonly CommandFlag[] = [
  { flag: 'channel', placeholder: 'name', doc: 'Field channel_name, and destination.' },
  {
    flag: 'user',
    placeholder: 'name',
    doc: 'Field user, originator, sender or name, as the hook has it.',
  },
  { flag: 'payload', placeholder: 'json', doc: 'Field payload.' },
  { flag: 'recipient', placeholder: 'name', doc: 'Field recipient of the message hook.' },
  { flag: 'cookie', placeholder: 'cookies', doc: 'Cookie header, as the browser would send it.' },
]
