import type { Author, Entry } from '../../core/entry.ts'
import { typeOfMessage } from '../../rooms/message-type.ts'
import { membersWithout } from './members.ts'

/** How messages are told. */
export interface MessageStyle {
  /** `0.1`: the author is the profile, as in that release (--talk-compat). */
  readonly compat: 'seed' | '0.1'
  /** Type of a message that has none of its own. */
  readonly regularType: string
}

/** Keys that the server says, whatever the sender said. */
const stamped: ReadonlySet<string> = new Set(['timestamp', 'type', 'author', 'profile', 'token'])

/** Without a match no key is stamped: an escape may spell one. */
const mayBeStamped = /\\u|"(?:timestamp|type|author|profile|token)"/

/**
 * JSON text of the message that a publish is in a room (spec/hipochat.md §2): the members of its content, then what the
 * server says of it. `entry` is of kind `publish`.
 */
export function messageOf(entry: Entry, room: string, style: MessageStyle): string {
  const content = contentOf(entry)
  const type = typeOfMessage(entry, style.regularType)
  const members = mayBeStamped.test(content)
    ? membersWithout(content, stamped)
    : content.slice(1, -1).trim()
  const profile = profileOf(entry.author)
  const author = style.compat === '0.1' ? profile : JSON.stringify(displayName(entry.author))
  const said = `"timestamp":${seconds(entry.at)},"type":${JSON.stringify(type)},"author":${author}`
  const comma = members === '' ? '' : ','
  // One text rather than the tree of its parts, as `buildFrame` of Hookbox.
  return [
    '{',
    members,
    comma,
    said,
    ',"profile":',
    profile,
    ',"token":',
    JSON.stringify(room),
    '}',
  ].join('')
}

/** Hookbox clients publish what they like: what is no object becomes the message of one. */
function contentOf({ content, encoding }: Entry): string {
  const json = encoding === 'binary' ? JSON.stringify(content) : content.trim()
  return json.startsWith('{') ? json : `{"message":${json}}`
}

/** Always with a fraction: readers of some languages tell whole numbers from others. */
function seconds(ms: number): string {
  return (ms / 1000).toFixed(3)
}

function displayName({ name, user }: Author): string | null {
  return name ?? user ?? null
}

/** Talk gives its authors a profile; of Hookbox's the name is all that is known. */
function profileOf({ info, user }: Author): string {
  if (info !== undefined) return info
  return typeof user === 'string' ? JSON.stringify({ name: user }) : 'null'
}
