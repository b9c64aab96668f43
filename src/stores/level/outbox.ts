import type { Notice, NoticeResult, Outbox } from '../../core/ports.ts'
import { scan } from './database.ts'
import type { Engine, EnginePart, Group } from './engine.ts'
import { keys, nameOfKey, under } from './keys.ts'
import { decodeRecord, encodeRecord } from './records.ts'

/** Notices on disk: each under its id, and its id in a queue sorted by due time. */
export class LevelOutbox implements Outbox, EnginePart {
  private readonly engine: Engine
  private waiting = 0
  private dead = 0
  /** Ids on their way to the disk, where a read does not see them yet. */
  private readonly adding = new Map<string, Group>()
  private readonly settling = new Map<string, Promise<void>>()

  constructor(engine: Engine) {
    this.engine = engine
  }

  /** Writes a notice in a commit's group. One that is there already stays: a repeated commit repeats its id. */
  add(group: Group, notice: Notice): void {
    if (this.adding.has(notice.id)) return
    if (this.engine.database.getSync(keys.notice(notice.id)) !== undefined) return
    this.put(group, notice)
    this.waiting += 1
    this.adding.set(notice.id, group)
    if (this.adding.size < 1000) return
    for (const [id, adding] of this.adding) if (adding.settled) this.adding.delete(id)
  }

  async due(query: { readonly now: number; readonly limit: number }): Promise<readonly Notice[]> {
    return this.engine.use(() => this.readDue(query))
  }

  async settle(id: string, result: NoticeResult): Promise<void> {
    const turn = (this.settling.get(id) ?? Promise.resolve())
      .catch(() => undefined)
      .then(() => this.engine.use(() => this.settleNow(id, result)))
    this.settling.set(id, turn)
    try {
      await turn
    } finally {
      if (this.settling.get(id) === turn) this.settling.delete(id)
    }
  }

  async stats(): Promise<{ readonly waiting: number; readonly dead: number }> {
    return { waiting: this.waiting, dead: this.dead }
  }

  forget(): void {
    this.adding.clear()
  }

  async reload(): Promise<void> {
    const { database } = this.engine
    this.waiting = 0
    this.dead = 0
    await scan(database, under('n!'), () => {
      this.waiting += 1
    })
    await scan(database, under('x!'), () => {
      this.dead += 1
    })
  }

  private async readDue({ now, limit }: { now: number; limit: number }): Promise<Notice[]> {
    const { database } = this.engine
    const rows = await database.read({ gte: 'q!', lt: keys.queued(now + 1, ''), limit })
    const ids = rows.map(([key]) => nameOfKey(key))
    const texts = await database.getMany(ids.map((id) => keys.notice(id)))
    return texts.filter((text) => text !== undefined).map(decodeNotice)
  }

  private async settleNow(id: string, result: NoticeResult): Promise<void> {
    const text = await this.engine.database.get(keys.notice(id))
    if (text === undefined) return
    const notice = decodeNotice(text)
    const group = this.engine.writing()
    group.del(keys.queued(notice.due, id))
    const tried = { ...notice, tries: notice.tries + 1 }
    if (result.result === 'retry') this.put(group, { ...tried, due: result.due })
    else {
      group.del(keys.notice(id))
      this.waiting -= 1
    }
    if (result.result === 'dead') {
      group.put(keys.dead(id), encodeRecord({ notice: tried }))
      this.dead += 1
    }
    await group.done
    this.adding.delete(id)
  }

  private put(group: Group, notice: Notice): void {
    group.put(keys.notice(notice.id), encodeRecord({ notice }))
    group.put(keys.queued(notice.due, notice.id), encodeRecord({}))
  }
}

function decodeNotice(text: string): Notice {
  return (decodeRecord(text) as { notice: Notice }).notice
}
