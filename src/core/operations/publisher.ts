import type { Connection } from '../connection.ts'
import { digestOf } from '../digest.ts'
import type { Author } from '../entry.ts'
import { Refusal } from '../errors.ts'
import type { LocalChannel } from '../local-channel.ts'
import type { PublishClaim } from '../ports.ts'

/** Who publishes: a connection's user, or the app under a name of its choice (`null`: none). */
export type Publisher =
  | { readonly kind: 'connection'; readonly connection: Connection; readonly user: string }
  | { readonly kind: 'app'; readonly originator: string | null; readonly hook: 'ask' | 'skip' }
  /** Somebody in a room whom no hook is asked about (talk); `user` null: the app itself. */
  | {
      readonly kind: 'talk'
      readonly user: string | null
      readonly name: string | null
      /** JSON text of an object, or `null`. */
      readonly info: string
      readonly type: string
      /** The room that the link is in: never another one that got its name meanwhile. Absent: whichever has it. */
      readonly room?: LocalChannel
      /** `anybody`: the app has opened its closed rooms. */
      readonly admits?: 'anybody'
    }

/** What is published. */
export interface Publish {
  readonly channel: string
  /** JSON text on one line. */
  readonly payload: string
  /** The publisher's own id of this publish: a repeat has no effect (G4). */
  readonly id?: string
}

const publishId = /^[A-Za-z0-9_-]{1,64}$/

/** The publisher's user, or the name that the app chose; `null` for none. */
export function publisherName(publisher: Publisher): string | null {
  return publisher.kind === 'app' ? publisher.originator : publisher.user
}

/** The author as the entry keeps it: hidden on anonymous channels. */
export function authorOf(channel: LocalChannel, publisher: Publisher): Author {
  if (channel.options.anonymous) return {}
  if (publisher.kind === 'app') return { user: publisher.originator }
  if (publisher.kind === 'talk') return talkAuthor(publisher)
  return { user: publisher.user, connection: publisher.connection.id }
}

function talkAuthor({ user, name, info }: Extract<Publisher, { kind: 'talk' }>): Author {
  return { user, info, ...(name === null ? {} : { name }) }
}

/** Talk reaches rooms only, and in them only who may be there. */
export function admission(publisher: Publisher): { room?: true; admits?: string } {
  if (publisher.kind !== 'talk') return {}
  const { user, admits } = publisher
  return user === null || admits === 'anybody' ? { room: true } : { room: true, admits: user }
}

/** The claim of a publish that has an id. Throws Refusal `invalid_publish_id`. */
export function claimOf(publisher: Publisher, command: Publish): PublishClaim | undefined {
  if (command.id === undefined) return undefined
  if (!publishId.test(command.id)) throw new Refusal('invalid_publish_id')
  return { user: publisherName(publisher) ?? '', id: command.id, digest: digestOf(command.payload) }
}
