import { type Database, scan } from './database.ts'
import type { Group } from './engine.ts'
import { encodeName, keys, under } from './keys.ts'
import { decodeRecord, encodeRecord } from './records.ts'

/** How many channels there are, in all and by creator, and the number of the next log. */
export class Counters {
  channels = 0
  private logs = 0
  private readonly database: Database
  private readonly creators = new Map<string, number>()

  constructor(database: Database) {
    this.database = database
  }

  createdBy(user: string): number {
    return this.creators.get(encodeName(user)) ?? 0
  }

  /** Counts a new channel; answers its log. */
  begin(createdBy: string | undefined): string {
    this.channels += 1
    this.logs += 1
    if (createdBy !== undefined) this.count(encodeName(createdBy), 1)
    return this.logs.toString(36)
  }

  end(createdBy: string | undefined): void {
    this.channels -= 1
    if (createdBy !== undefined) this.count(encodeName(createdBy), -1)
  }

  write(group: Group): void {
    group.put(keys.channelCounters, encodeRecord({ channels: this.channels, logs: this.logs }))
  }

  /** Reads what the last durable commit left. */
  async reload(): Promise<void> {
    const text = await this.database.get(keys.channelCounters)
    const record = text === undefined ? undefined : decodeRecord(text)
    const { channels, logs } = (record ?? { channels: 0, logs: 0 }) as {
      channels: number
      logs: number
    }
    this.channels = channels
    this.logs = logs
    this.creators.clear()
    await scan(this.database, under('r!'), (key) => this.count(key.split('!')[1] ?? '', 1))
  }

  private count(creator: string, step: 1 | -1): void {
    const count = (this.creators.get(creator) ?? 0) + step
    if (count <= 0) this.creators.delete(creator)
    else this.creators.set(creator, count)
  }
}
