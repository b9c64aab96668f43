/** What clients of the bare servers send: the least that a realtime server needs. */
export type BareCommand =
  | { readonly op: 'subscribe'; readonly channel: string }
  | {
      readonly op: 'publish'
      readonly channel: string
      readonly payload: unknown
      /** Given: the publish is acknowledged. */
      readonly id?: number
    }

/** Reads a command; the load generator is the only client, so its shape is believed. */
export function readCommand(text: string): BareCommand {
  return JSON.parse(text) as BareCommand
}

/** Text of the message that subscribers get. */
export function messageText(channel: string, payload: unknown): string {
  return JSON.stringify({ channel, payload })
}

/** Text of the answer to a publish with an id. */
export function ackText(id: number): string {
  return `{"ack":${id}}`
}

/** Text of the answer to a subscribe. */
export function subscribedText(channel: string): string {
  return JSON.stringify({ subscribed: channel })
}
