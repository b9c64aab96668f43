import { z } from 'zod'
import type { Core } from './core.ts'
import type { EntryDraft } from './entry.ts'
import { Refusal } from './errors.ts'
import { utf8Length } from './json.ts'
import { isName } from './names.ts'
import { type ChannelOptions, defaultChannelOptions, type PollingOptions } from './options.ts'
import type { StatePairs } from './ports.ts'
import type { CoreSettings } from './settings.ts'

/** Changes of a channel's options as the app gave them: checked, unset ones absent (spec/hookbox.md §4). */
export interface ChannelPatch {
  readonly options: Partial<Omit<ChannelOptions, 'polling'>>
  readonly polling?: Partial<PollingOptions>
  readonly state?: StatePairs
  /** Entries the app gave to show as history, oldest first. */
  readonly history?: readonly GivenEntry[]
}

/** `[NAME, {user?, payload?, datetime?}]`, kept and sent as given. */
type GivenEntry = readonly [string, Readonly<Record<string, unknown>>]

const flag = z.boolean('must be true or false')
const count = z.int('must be a whole number').min(0, 'must not be negative')
const seconds = z.number('must be a number of seconds').min(0, 'must not be negative')
const name = z.string('must be a name').refine(isName, 'must be a name')
const text = z.string('must be text')
const object = z.record(z.string(), z.unknown(), 'must be an object')

const given = z.tuple(
  [z.enum(['PUBLISH', 'SUBSCRIBE', 'UNSUBSCRIBE']), object],
  'must hold entries [NAME, object]',
)

const polling = z.strictObject(
  {
    mode: z.enum(['', 'simple', 'persistent', 'once'], 'must be a polling mode'),
    interval: z.number('must be a number of seconds').positive('must be positive'),
    url: text,
    form: z.record(z.string(), z.union([z.string(), z.number(), z.boolean()]), 'must be a form'),
    originator: text,
  },
  'must be an object of polling options',
)

const schema = z.strictObject({
  reflective: flag,
  history_size: count,
  history: z.union([count, z.array(given)], 'must be a number or a list of entries'),
  set_history: z.array(given, 'must be a list of entries'),
  history_duration: seconds,
  history_publish_only: flag,
  moderated: flag,
  moderated_publish: flag.nullable(),
  moderated_subscribe: flag.nullable(),
  moderated_unsubscribe: flag.nullable(),
  presenceful: flag,
  server_presenceful: flag,
  server_user_presence: z.array(name, 'must be a list of names'),
  anonymous: flag,
  polling: polling.partial(),
  state: object,
})

const patchSchema = schema.partial()

/** Reads options strictly: one unknown or wrong refuses them all. Throws Refusal `invalid_option`. */
export function parseChannelOptions(
  input: Readonly<Record<string, unknown>>,
  settings: CoreSettings,
): ChannelPatch {
  const result = patchSchema.safeParse(input)
  if (!result.success) throw new Refusal('invalid_option', describeIssue(result.error))
  refusePrototypeKeys(input)
  const { history, set_history, history_size, state, polling: poll, ...flags } = result.data
  const size = typeof history === 'number' ? history : history_size
  const entries = Array.isArray(history) ? history : set_history
  const pairs = state === undefined ? undefined : toPairs(state)
  checkLimits({ size, entries, interval: poll?.interval }, settings)
  checkState(pairs ?? [], settings)
  return {
    options: withoutUndefined({ ...flags, ...(size === undefined ? {} : { history_size: size }) }),
    ...(poll === undefined ? {} : { polling: withoutUndefined(poll) }),
    ...(pairs === undefined ? {} : { state: pairs }),
    ...(entries === undefined ? {} : { history: entries }),
  }
}

/** Names the option that is wrong, unknown ones too. */
export function describeIssue(error: z.ZodError): string {
  const issue = error.issues[0]
  if (issue?.code === 'unrecognized_keys' && issue.path.length === 0) {
    return `Unknown option ${issue.keys[0]}`
  }
  const unknown = issue?.code === 'unrecognized_keys' ? `.${issue.keys[0]}` : ''
  const path = `${String(issue?.path[0])}${unknown}`
  return `Invalid value for option ${path}: ${unknown === '' ? issue?.message : 'unknown key'}`
}

/** zod passes over an own key `__proto__`: it is refused here by hand (spec/safety.md §3). */
function refusePrototypeKeys(input: Readonly<Record<string, unknown>>): void {
  if (Object.hasOwn(input, '__proto__')) {
    throw new Refusal('invalid_option', 'Unknown option __proto__')
  }
  const polling = input['polling'] as { form?: unknown } | undefined
  if (Array.isArray(input['server_user_presence'])) {
    const names: readonly unknown[] = input['server_user_presence']
    if (names.includes('__proto__')) throw prototypeKey('server_user_presence')
  }
  for (const [option, value] of [
    ['state', input['state']],
    ['polling', polling],
    ['polling', polling?.form],
  ] as const) {
    if (typeof value === 'object' && value !== null && Object.hasOwn(value, '__proto__')) {
      throw prototypeKey(option)
    }
  }
}

function prototypeKey(option: string): Refusal {
  return new Refusal('invalid_option', `Invalid value for option ${option}: key __proto__`)
}

function checkLimits(
  given: {
    size: number | undefined
    entries: readonly GivenEntry[] | undefined
    interval: number | undefined
  },
  settings: CoreSettings,
): void {
  const { maxHistorySize, maxPrefilledHistory, minPollingIntervalMs } = settings
  if (given.size !== undefined && given.size > maxHistorySize) {
    throw new Refusal('history_too_large', `Option history_size is above ${maxHistorySize}`)
  }
  if (given.entries !== undefined && given.entries.length > maxPrefilledHistory) {
    throw new Refusal('history_too_large', `Option history has more than ${maxPrefilledHistory}`)
  }
  if (given.interval !== undefined && given.interval * 1000 < minPollingIntervalMs) {
    throw new Refusal(
      'invalid_option',
      `Invalid value for option polling: interval is below ${minPollingIntervalMs / 1000} s`,
    )
  }
}

/** The store checks again what a patch makes of the state that is there. */
function checkState(state: StatePairs, settings: CoreSettings): void {
  let bytes = 0
  for (const [key, json] of state) bytes += utf8Length(key) + utf8Length(json)
  if (bytes > settings.maxStateBytes || state.length > settings.maxStateKeys) {
    throw new Refusal('state_too_large')
  }
}

function toPairs(state: Readonly<Record<string, unknown>>): StatePairs {
  return Object.entries(state).map(([key, value]) => [key, JSON.stringify(value)])
}

function withoutUndefined<T extends object>(
  value: T,
): { [K in keyof T]?: Exclude<T[K], undefined> } {
  const entries = Object.entries(value).filter(([, item]) => item !== undefined)
  return Object.fromEntries(entries) as { [K in keyof T]?: Exclude<T[K], undefined> }
}

/** Options that the app gives to a room: it keeps publishes only, and always some (spec/hipochat.md §7). Throws Refusal. */
export function roomOptions(given: ChannelPatch['options']): ChannelPatch['options'] {
  if (given.history_publish_only === false) {
    throw new Refusal('invalid_option', 'Option history_publish_only is always true in a room')
  }
  if (given.history_size === 0) {
    throw new Refusal('invalid_option', 'Option history_size is at least 1 in a room')
  }
  return { ...given, history_publish_only: true }
}

/** A channel about to be created. */
export interface ChannelDraft {
  readonly options: ChannelOptions
  readonly state: StatePairs
  readonly history: readonly EntryDraft[]
  readonly staticHistory: readonly EntryDraft[]
}

/** A patch on top of the defaults. */
export function draftChannel(core: Core, patch: ChannelPatch): ChannelDraft {
  const options = patchOptions(defaultChannelOptions, patch)
  return {
    options,
    state: patch.state ?? [],
    ...splitHistory(core, options, patch.history ?? []),
  }
}

/** Options with a patch applied; `polling` is merged key by key. */
export function patchOptions(options: ChannelOptions, patch: ChannelPatch): ChannelOptions {
  return {
    ...options,
    ...patch.options,
    polling: { ...options.polling, ...patch.polling },
  }
}

/** Given entries as history, or, where the channel keeps none, as what its snapshots show all the same. */
export function splitHistory(
  core: Core,
  options: ChannelOptions,
  entries: readonly GivenEntry[],
): { history: readonly EntryDraft[]; staticHistory: readonly EntryDraft[] } {
  const drafts = entries.map((entry) => draftGiven(core, entry))
  if (options.history_size === 0) return { history: [], staticHistory: drafts }
  return { history: drafts.slice(-options.history_size), staticHistory: [] }
}

const kinds = { PUBLISH: 'publish', SUBSCRIBE: 'join', UNSUBSCRIBE: 'leave' } as const

function draftGiven(core: Core, entry: GivenEntry): EntryDraft {
  const [kind, fields] = entry
  const { user, payload, datetime } = fields
  const at = typeof datetime === 'string' ? Date.parse(datetime) : Number.NaN
  return {
    kind: kinds[kind as keyof typeof kinds],
    id: core.random.hex(8),
    // One without a readable datetime ages from when it was given.
    at: Number.isNaN(at) ? core.clock.now() : at,
    author: typeof user === 'string' || user === null ? { user } : {},
    content: payload === undefined ? 'null' : JSON.stringify(payload),
    encoding: 'json',
    given: JSON.stringify(entry),
  }
}
