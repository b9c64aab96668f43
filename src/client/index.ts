import { Client } from './client.ts'
import type { ChannelTypes, Offhook } from './offhook.ts'
import { type ConnectOptions, completeOptions } from './options.ts'
import { baseOf } from './url.ts'

export type { ChannelEvents, StateChange } from './channel-events.ts'
export type { Coming, Entry, HistoryItem, HistoryPage, Message, Position } from './entry.ts'
export type { ChannelStatus } from './membership.ts'
export type {
  Channel,
  ChannelTypes,
  ClientEvents,
  ConnectionState,
  ConnectionStatus,
  HistoryQuery,
  Offhook,
  PayloadOf,
  Published,
  PublishOptions,
} from './offhook.ts'
export { OffhookError, type OffhookErrorCode } from './offhook-error.ts'
export type { ConnectOptions, Credentials, TransportName } from './options.ts'

/**
 * Connects to the Offhook at `url` and stays connected until `close()`: after a lost link it comes back, resumes
 * every channel and sends what was kept. Throws a TypeError if `url` is no URL.
 */
export function connect<Types extends ChannelTypes = Record<string, unknown>>(
  url: string,
  options: ConnectOptions = {},
): Offhook<Types> {
  const client = new Client(baseOf(url), completeOptions(options))
  client.connect()
  return client as unknown as Offhook<Types>
}
