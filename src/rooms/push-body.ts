import { maxJsonDepth, parseJson, utf8Length } from '../core/json.ts'
import type { PushedMessage } from './push-notice.ts'

/** Members who are told of the same messages, and how many each has unread. */
export interface PushCall {
  readonly room: string
  readonly message: PushedMessage
  /** How many messages it tells of; `message` is the newest. */
  readonly messages: number
  readonly receivers: readonly { readonly user: string; readonly unread: number }[]
}

/** The body of one push to the app as JSON text (spec/hipochat.md §5). `id` is its `webhook-id`. */
export function pushBody(call: PushCall, id: string, shownName: (user: string) => string): string {
  const { message, messages, receivers, room } = call
  const fields = [
    `"chat_token":${JSON.stringify(room)}`,
    `"receivers":${JSON.stringify(receivers.map(({ user }) => shownName(user)))}`,
    `"type":${JSON.stringify(message.type)}`,
    `"author":${message.author}`,
    `"body":${bodyOf(message.content)}`,
    `"id":${JSON.stringify(id)}`,
    `"timestamp":${message.at / 1000}`,
    `"unread":{${receivers.map((each) => `${JSON.stringify(shownName(each.user))}:${each.unread}`).join(',')}}`,
  ]
  if (messages > 1) fields.push(`"count":${messages}`)
  return `{${fields.join(',')}}`
}

/** The message's `body`, or its `message`, or all of it. */
function bodyOf(content: string): string {
  const value = parseJson(content, { bytes: utf8Length(content), depth: maxJsonDepth + 2 })
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return content
  for (const key of ['body', 'message']) {
    if (Object.hasOwn(value, key)) return JSON.stringify((value as Record<string, unknown>)[key])
  }
  return content
}
