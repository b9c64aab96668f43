import type { UserConnection, UserRecord } from '../ports.ts'

/** Connections that take part in the user's subscriptions: those that are not in one channel only. */
export function sharedConnections(record: UserRecord): readonly UserConnection[] {
  return record.connections.filter((connection) => connection.only === undefined)
}

/** Whether the user is in a channel, by any connection or by one that takes part in its subscriptions. */
export function isIn(record: UserRecord, channel: string, whose: 'all' | 'shared'): boolean {
  const subscription = record.subscriptions.find((item) => item.channel === channel)
  if (subscription === undefined || whose === 'all') return subscription !== undefined
  const shared = new Set(sharedConnections(record).map(({ id }) => id))
  return subscription.connections.some(({ id }) => shared.has(id))
}
