import type { EntryDraft } from '../../core/entry.ts'
import type { Event } from '../../core/event.ts'
import type { StatePairs } from '../../core/ports.ts'
import { formatLocalTime } from './datetime.ts'
import { buildFrame, escapeNonAscii, nextFrameId } from './frames.ts'

/** One version 1 frame: pure ASCII, ended by the delimiter. `args` is JSON text. */
function frameOne(name: string, args: string): string {
  return buildFrame(nextFrameId(), name, escapeNonAscii(args))
}

/** The text of the frame that tells `event` to a version 1 client (spec/hookbox.md §2); none where it has no such frame. */
export function encodeOne(event: Event): string | undefined {
  switch (event.event) {
    case 'publish':
      return frameOne('PUBLISH', publishArgs(event))
    case 'join':
      return frameOne('SUBSCRIBE', comingArgs(event))
    case 'leave':
      return frameOne('UNSUBSCRIBE', comingArgs(event))
    case 'state':
      return frameOne(
        'STATE_UPDATE',
        `{"channel_name":${quote(event.channel)},"updates":${pairsToJson(event.updates)},"deletes":${quote(event.deletes)}}`,
      )
    case 'message':
      return frameOne(
        'MESSAGE',
        `{"sender":${quote(event.sender)},"recipient":${quote(event.recipient)},"payload":${event.payload},"datetime":"${formatLocalTime(event.at)}"}`,
      )
    case 'snapshot':
      return frameOne('SUBSCRIBE', snapshotArgs(event))
    case 'connected':
      return frameOne('CONNECTED', `{"name":${quote(event.name)},"payload":${event.payload}}`)
    case 'cookie':
      return frameOne('SET_COOKIE', `{"cookie":${quote(event.cookie)}}`)
    case 'read':
    case 'typing':
      return undefined
    default:
      return event satisfies never
  }
}

/** Version 1 ERROR: both ids are that of the frame it answers. */
export function encodeErrorOne(ref: number | null, text: string): string {
  return frameOne('ERROR', `{"id":${ref},"reference_id":${ref},"msg":${quote(text)}}`)
}

type EventOf<Name extends Event['event']> = Extract<Event, { event: Name }>

function publishArgs(event: EventOf<'publish'>): string {
  const presence =
    event.presence === undefined ? '' : `,"presence":${JSON.stringify(event.presence)}`
  return `{"channel_name":${quote(event.channel)},${entryFields(event.entry)}${presence}}`
}

function comingArgs(event: EventOf<'join' | 'leave'>): string {
  return `{"channel_name":${quote(event.channel)},"user":${quote(event.user)},"datetime":"${formatLocalTime(event.at)}"}`
}

function snapshotArgs(event: EventOf<'snapshot'>): string {
  const { options } = event
  const history = event.history.map(entryToHistory).join(',')
  const initial = event.initialData === undefined ? '' : `,"initial_data":${event.initialData}`
  return `{"channel_name":${quote(event.channel)},"user":${quote(event.user)},"history":[${history}],"history_size":${options.history_size},"history_duration":${options.history_duration},"state":${pairsToJson(event.state)},"presence":${JSON.stringify(event.presence)}${initial}}`
}

const historyNames = { publish: 'PUBLISH', join: 'SUBSCRIBE', leave: 'UNSUBSCRIBE' } as const

/** One history entry, `[NAME, {user, payload?, datetime}]`; what the app gave itself goes out as given. */
export function entryToHistory(entry: EntryDraft): string {
  return entry.given ?? `["${historyNames[entry.kind]}",{${entryFields(entry)}}]`
}

/** `payload`, `user` and `datetime` of an entry, each where it has it. */
function entryFields(entry: EntryDraft): string {
  const payload = entry.kind === 'publish' ? `"payload":${entry.content},` : ''
  const user = entry.author.user === undefined ? '' : `"user":${quote(entry.author.user)},`
  return `${payload}${user}"datetime":"${formatLocalTime(entry.at)}"`
}

/** Built by text: a state key may be `__proto__`, which an object literal would swallow. */
export function pairsToJson(pairs: StatePairs): string {
  return `{${pairs.map(([key, json]) => `${quote(key)}:${json}`).join(',')}}`
}

function quote(value: string | readonly string[] | null): string {
  return JSON.stringify(value)
}
