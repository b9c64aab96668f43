import type { IncomingHttpHeaders } from 'node:http'
import { Refusal } from '../../core/errors.ts'
import type { Profile, Telemetry } from '../../core/ports.ts'
import type { MessageStyle } from '../../protocols/talk/message-of.ts'
import type { Rooms } from '../../rooms/rooms.ts'
import type { Addresses } from '../address.ts'
import type { Body, BodyKind } from '../rest/body.ts'
import type { Fields } from '../rest/fields.ts'
import type { Secret } from '../secret.ts'
import type { HttpSettings, TalkSettings } from '../settings.ts'
import type { TalkLogins } from './logins.ts'

/** What the talk endpoints stand on. */
export interface TalkParts {
  readonly settings: Pick<HttpSettings, 'maxBodyBytes' | 'maxFrameBytes' | 'maxSnapshotBytes'> &
    TalkSettings
  readonly rooms: Rooms
  readonly logins: TalkLogins
  /** The API token. */
  readonly token: Secret
  readonly addresses: Addresses
  readonly telemetry: Telemetry
}

/** One request to an endpoint. */
export interface TalkCall {
  readonly parts: TalkParts
  readonly style: MessageStyle
  /** Rooms that the path names; `room` is the first. */
  readonly rooms: readonly string[]
  readonly room: string
  readonly headers: IncomingHttpHeaders
  readonly query: Fields
  readonly kind: BodyKind
  readonly body: Body | undefined
  /** The caller's. */
  readonly address: string
}

/** `body` is JSON text. */
export interface TalkAnswer {
  readonly status: number
  readonly body: string
  readonly headers?: Readonly<Record<string, string>>
}

/** Does what an endpoint says. Throws Refusal. */
export type TalkMethod = (call: TalkCall) => Promise<TalkAnswer>

/** The user who calls. Throws Refusal `authentication_error`, `too_many_logins`. */
export function loggedIn(call: TalkCall): Promise<Profile> {
  return call.parts.logins.authenticate(userTokenOf(call), call.address)
}

/** A user's token comes in a header, by the seed's name of it too, or in the query. */
function userTokenOf({ headers, query }: TalkCall): string | undefined {
  for (const header of [headers.authorization, headers['authentication']]) {
    const token = /^Token +(\S+)$/i.exec(String(header ?? ''))?.[1]
    if (token !== undefined) return token
  }
  return query.text('token')
}

/** Bytes of the body. Throws Refusal `body_too_large`. */
export function bytesOf({ body }: TalkCall): Buffer {
  if (body === 'too_large') throw new Refusal('body_too_large')
  return body ?? Buffer.alloc(0)
}
