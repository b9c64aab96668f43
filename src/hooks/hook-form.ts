import type { HookName } from './hook-url.ts'

/** What one hook is asked about, for those who ask it by hand. */
export interface HookFacts {
  readonly channel?: string
  readonly user?: string
  /** JSON text. */
  readonly payload?: string
  readonly recipient?: string
  readonly connection?: string
}

type Fields = [field: string, value: string][]

const about = (channel = 'room'): Fields => [
  ['channel_name', channel],
  ['destination', channel],
]

const forms: Record<HookName, (facts: HookFacts) => Fields> = {
  connect: ({ connection = '0'.repeat(32), payload = 'null' }) => [
    ['conn_id', connection],
    ['payload', payload],
  ],
  create_channel: ({ channel }) => about(channel),
  destroy_channel: ({ channel }) => about(channel),
  subscribe: ({ channel, user = 'guest' }) => [...about(channel), ['user', user]],
  unsubscribe: ({ channel, user = 'guest' }) => [...about(channel), ['user', user]],
  publish: ({ channel, user = 'guest', payload = 'null' }) => [
    ...about(channel),
    ['payload', payload],
    ['originator', user],
  ],
  message: ({ user = 'guest', recipient = 'guest', payload = 'null' }) => [
    ['sender', user],
    ['recipient', recipient],
    ['recipient_exists', 'True'],
    ['payload', payload],
  ],
  disconnect: ({ user = 'guest', channel, connection = '0'.repeat(32) }) => [
    ['name', user],
    ['channels', JSON.stringify(channel === undefined ? [] : [channel])],
    ['conn_id', connection],
  ],
}

/** The form of a hook besides `action` and `secret` (spec/hookbox.md §5), with made-up values for what is not given. */
export function hookForm(hook: HookName, facts: HookFacts): Fields {
  return forms[hook](facts)
}

/** Whether a word names a hook. */
export function isHookName(text: string): text is HookName {
  return Object.hasOwn(forms, text)
}

/** All hooks, in the order of the contract. */
export const hookNames = Object.keys(forms) as readonly HookName[]
