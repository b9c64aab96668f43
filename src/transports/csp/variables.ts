import { Refusal } from '../../core/errors.ts'

/** What a browser chose for its session (spec/hookbox.md §7), by request, remembered for those that follow. */
export interface CspVariables {
  /** `rp`, `rs`: around the answers of handshake, send and close. */
  readonly requestPrefix: string
  readonly requestSuffix: string
  /** `bp`, `bs`: around each batch of packets. */
  readonly batchPrefix: string
  readonly batchSuffix: string
  /** `du`: how long a comet request is held; 0 = answered at once. */
  readonly durationMs: number
  /** `i`: how often a streaming answer shows a sign of life; 0 = never. */
  readonly intervalMs: number
  /** `is`: many batches in one answer, or one. */
  readonly answer: 'one batch' | 'stream'
  /** `se`: the id of the last packet follows each batch. */
  readonly ids: 'none' | 'server-sent events'
  /** `p` and `ps`: what stands before the first batch, for browsers that hold back the first bytes. */
  readonly preamble: string
  readonly prebufferBytes: number
  /** `ct`; undefined where it was not chosen. */
  readonly contentType: string | undefined
}

/** A session that chose nothing. */
export const defaultVariables: CspVariables = {
  requestPrefix: '',
  requestSuffix: '',
  batchPrefix: '',
  batchSuffix: '',
  durationMs: 30_000,
  intervalMs: 0,
  answer: 'one batch',
  ids: 'none',
  preamble: '',
  prebufferBytes: 0,
  contentType: undefined,
}

type Change = Partial<CspVariables>
/** Undefined where the value is not allowed. */
type Rule = (text: string) => Change | undefined

/** Attack: a prefix of the attacker's choice makes an answer of ours his script. Only these are ever echoed. */
const prefix = /^(?:cb\d{1,9}|data: )?$/
const suffixes: ReadonlySet<string> = new Set(['', ';', '\n', '\r\n', '\r\n\r\n'])
const contentTypes: ReadonlyMap<string, string> = new Map([
  ['application/javascript', 'application/javascript'],
  ['text/javascript', 'text/javascript'],
  ['application/json', 'application/json'],
  ['text/plain', 'text/plain'],
  ['text/event-stream', 'text/event-stream'],
  // What the seed's iframes asked for; as HTML it would be a page of ours with somebody else's words.
  ['text/html', 'text/plain'],
])
const maxPreambleBytes = 2048
const maxPrebufferBytes = 4096
const maxDurationSeconds = 60
const minIntervalSeconds = 5

const rules: ReadonlyMap<string, Rule> = new Map<string, Rule>([
  ['rp', (text) => (prefix.test(text) ? { requestPrefix: text } : undefined)],
  ['rs', (text) => (suffixes.has(text) ? { requestSuffix: text } : undefined)],
  ['bp', (text) => (prefix.test(text) ? { batchPrefix: text } : undefined)],
  ['bs', (text) => (suffixes.has(text) ? { batchSuffix: text } : undefined)],
  ['du', (text) => within(text, maxDurationSeconds, (n) => ({ durationMs: n * 1000 }))],
  ['i', readInterval],
  ['is', (text) => within(text, 1, (n) => ({ answer: n === 1 ? 'stream' : 'one batch' }))],
  ['se', (text) => within(text, 1, (n) => ({ ids: n === 1 ? 'server-sent events' : 'none' }))],
  ['ps', (text) => within(text, maxPrebufferBytes, (n) => ({ prebufferBytes: n }))],
  ['p', (text) => (isPreamble(text) ? { preamble: text } : undefined)],
  ['ct', readContentType],
])

/** The variables after a request that gave `fields`. Throws Refusal `invalid_field`; then nothing is changed. */
export function varied(before: CspVariables, fields: ReadonlyMap<string, string>): CspVariables {
  let after = before
  for (const [name, rule] of rules) {
    const text = fields.get(name)
    if (text === undefined) continue
    const change = rule(text)
    if (change === undefined) throw new Refusal('invalid_field', `Invalid ${name}`)
    after = { ...after, ...change }
  }
  return after
}

function within(text: string, max: number, change: (value: number) => Change): Change | undefined {
  if (!/^\d{1,9}$/.test(text) || Number(text) > max) return undefined
  return change(Number(text))
}

function readInterval(text: string): Change | undefined {
  if (text !== '0' && Number(text) < minIntervalSeconds) return undefined
  return within(text, maxDurationSeconds, (n) => ({ intervalMs: n * 1000 }))
}

function isPreamble(text: string): boolean {
  return text.length <= maxPreambleBytes && /^ *$/.test(text)
}

function readContentType(text: string): Change | undefined {
  const contentType = contentTypes.get(text)
  return contentType === undefined ? undefined : { contentType }
}
