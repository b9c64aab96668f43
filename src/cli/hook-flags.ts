import type { CommandFlag } from '../config/flag-spec.ts'
import type { HookFacts } from '../hooks/hook-form.ts'

type FactFlag = CommandFlag & { readonly fact: keyof HookFacts }

const factFlags: readonly FactFlag[] = [
  { flag: 'channel', fact: 'channel', placeholder: 'name', doc: 'Channel that it is about.' },
  { flag: 'user', fact: 'user', placeholder: 'name', doc: 'User who acts.' },
  { flag: 'payload', fact: 'payload', placeholder: 'json', doc: 'Payload, as JSON.' },
  { flag: 'recipient', fact: 'recipient', placeholder: 'name', doc: 'User whom a message is for.' },
  { flag: 'conn-id', fact: 'connection', placeholder: 'id', doc: 'Id of the connection.' },
]

/** What `offhook hook NAME` may be given besides the settings. */
export const hookFlags: readonly CommandFlag[] = [
  ...factFlags,
  { flag: 'cookie', placeholder: 'cookies', doc: 'Cookie header, as the browser would send it.' },
]

/** What the hook is about, and with which cookies. Of a repeated flag the last one counts. */
export function hookFields(given: ReadonlyMap<string, readonly string[]>): {
  readonly fields: HookFacts
  readonly cookie: string | undefined
} {
  const facts = factFlags.flatMap(({ flag, fact }) => {
    const value = given.get(flag)?.at(-1)
    return value === undefined ? [] : [[fact, value] as const]
  })
  return { fields: Object.fromEntries(facts), cookie: given.get('cookie')?.at(-1) }
}
