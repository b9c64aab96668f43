import type { Entry } from '../../core/entry.ts'
import type { Event } from '../../core/event.ts'
import type { Done, Goodbye, Reply } from '../../core/protocol.ts'
import type { RoomView } from '../../core/room-layer.ts'
import { formatUtc } from './datetime.ts'
import { pairsToJson } from './encoder1.ts'
import { buildFrame, nextFrameId } from './frames.ts'

type EventOf<Name extends Event['event']> = Extract<Event, { event: Name }>

/** The text of the frame that tells `event` to a version 2 client (spec/hookbox.md §10). */
export function encodeTwo(event: Event): string {
  switch (event.event) {
    case 'publish':
      return frameTwo('PUBLISH', publishArgs(event))
    case 'join':
      return frameTwo('SUBSCRIBE', comingArgs(event))
    case 'leave':
      return frameTwo('UNSUBSCRIBE', comingArgs(event))
    case 'state':
      return frameTwo(
        'STATE_UPDATE',
        `{"channel_name":${quote(event.channel)},"updates":${pairsToJson(event.updates)},"deletes":${quote(event.deletes)}}`,
      )
    case 'message':
      return frameTwo(
        'MESSAGE',
        `{"sender":${quote(event.sender)},"recipient":${quote(event.recipient)},"payload":${event.payload},${datetime(event.at)}}`,
      )
    case 'snapshot':
      return frameTwo('SUBSCRIBE', snapshotArgs(event))
    case 'connected':
      return frameTwo(
        'CONNECTED',
        `{"name":${quote(event.name)},"payload":${event.payload},"version":2,"connection_id":${quote(event.connection)}}`,
      )
    case 'cookie':
      return frameTwo('SET_COOKIE', `{"cookie":${quote(event.cookie)}}`)
    case 'read':
      return frameTwo(
        'READ',
        `{"channel_name":${quote(event.channel)},"offset":${event.offset},"unread":${event.unread}}`,
      )
    case 'typing':
      return frameTwo(
        'TYPING',
        `{"channel_name":${quote(event.channel)},"user":${quote(event.user)}}`,
      )
    default:
      return event satisfies never
  }
}

/** OK or ERROR, exactly one for each client frame; before PING's OK stands its PONG. */
export function encodeReplyTwo(reply: Reply): string {
  const id = `"id":${reply.ref}`
  if ('refusal' in reply) {
    const { code, message, retry } = reply.refusal
    return frameTwo(
      'ERROR',
      `{${id},"code":${quote(code)},"msg":${quote(message)},"retry":${retry}}`,
    )
  }
  const pong = reply.done.op === 'ping' ? frameTwo('PONG', `{${id}}`) : ''
  return `${pong}${frameTwo('OK', `{${id}${resultFields(reply.done)}}`)}`
}

/** What a link is told before it is ended. */
export function encodeGoodbyeTwo({ refusal, afterMs }: Goodbye): string {
  const { code, message, retry } = refusal
  return frameTwo(
    'DISCONNECT',
    `{"code":${quote(code)},"reason":${quote(message)},"reconnect":${retry},"after_ms":${Math.round(afterMs)}}`,
  )
}

function resultFields(done: Done): string {
  switch (done.op) {
    case 'subscribe':
      return done.position === undefined
        ? ''
        : `,"epoch":${quote(done.position.epoch)},"offset":${done.position.offset}`
    case 'publish': {
      const { at, epoch, offset, duplicate } = done.published
      const place = epoch === undefined ? '' : `,"epoch":${quote(epoch)},"offset":${offset}`
      return `${place},${datetime(at)}${duplicate ? ',"duplicate":true' : ''}`
    }
    case 'history':
      return `,"epoch":${quote(done.epoch)},"history":[${done.history.map(historyEntry).join(',')}]`
    case 'presence':
      return `,"presence":${quote(done.names)}`
    case 'read':
      return `,"offset":${done.reading.offset},"unread":${done.reading.unread}`
    case 'rooms': {
      const next = done.page.next === undefined ? '' : `,"next":${quote(done.page.next)}`
      return `,"rooms":[${done.page.rooms.map(roomFields).join(',')}]${next}`
    }
    default:
      return ''
  }
}

function roomFields(room: RoomView): string {
  const { channel, position, read, unread, closed, members, last } = room
  const place = `"epoch":${quote(position.epoch)},"offset":${position.offset}`
  const counts = `"read_offset":${read},"unread":${unread},"members":${members},"closed":${closed}`
  const newest = last === undefined ? '' : `,"last":${historyEntry(last)}`
  return `{"channel_name":${quote(channel)},${place},${counts}${newest}}`
}

function frameTwo(name: string, args: string): string {
  return buildFrame(nextFrameId(), name, args)
}

function publishArgs(event: EventOf<'publish'>): string {
  const presence = event.presence === undefined ? '' : `,"presence":${quote(event.presence)}`
  return `{"channel_name":${quoteName(event.channel)},${entryFields(event.entry)}${presence}}`
}

function comingArgs(event: EventOf<'join' | 'leave'>): string {
  const offset = event.offset === undefined ? '' : `,"offset":${event.offset}`
  return `{"channel_name":${quote(event.channel)},"user":${quote(event.user)},${datetime(event.at)}${offset}}`
}

function snapshotArgs(event: EventOf<'snapshot'>): string {
  const { options, head } = event
  const place = `"epoch":${quote(head.epoch)},"offset":${head.offset},"recovered":${event.recovered}`
  const sizes = `"history_size":${options.history_size},"history_duration":${options.history_duration}`
  const history = event.history.map(historyEntry).join(',')
  const initial = event.initialData === undefined ? '' : `,"initial_data":${event.initialData}`
  return `{"channel_name":${quote(event.channel)},"user":${quote(event.user)},${place},"history":[${history}],${sizes},"state":${pairsToJson(event.state)},"presence":${quote(event.presence)}${initial}}`
}

const historyNames = { publish: 'PUBLISH', join: 'SUBSCRIBE', leave: 'UNSUBSCRIBE' } as const

/** `[NAME, {…}]` with the entry's offset; what the app gave itself keeps its own fields. */
function historyEntry(entry: Entry): string {
  if (entry.given !== undefined) return entry.given
  return `["${historyNames[entry.kind]}",{${entryFields(entry)}}]`
}

function entryFields(entry: Entry): string {
  const payload = entry.kind === 'publish' ? `"payload":${entry.content},` : ''
  const user = entry.author.user === undefined ? '' : `"user":${quoteName(entry.author.user)},`
  const offset = entry.offset === 0 ? '' : `,"offset":${entry.offset}`
  return `${payload}${user}${datetime(entry.at)}${offset}`
}

/** RFC 3339, UTC, milliseconds. */
function datetime(at: number): string {
  return `"datetime":"${formatUtc(at)}"`
}

/** A name: nothing but these two has to be escaped in it (names.ts), and hardly ever are they there. */
function quoteName(name: string | null): string {
  if (name === null) return 'null'
  return name.includes('"') || name.includes('\\') ? JSON.stringify(name) : `"${name}"`
}

function quote(value: string | readonly string[] | null): string {
  return JSON.stringify(value)
}
