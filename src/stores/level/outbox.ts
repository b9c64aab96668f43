import type { DeadPage, DeadQuery, Notice, NoticeResult, Outbox } from '../../core/ports.ts'
import { maxDeadNotices } from '../aggregate/dead-notices.ts'
import { scan } from './database.ts'
import type { Engine, EnginePart, Group } from './engine.ts'
import { keys, nameOfKey, placeOfKey, under } from './keys.ts'
import { decodeRecord, encodeRecord } from './records.ts'

/** Notices on disk: each under its id, and its id in a queue sorted by due time. */
export class LevelOutbox implements Outbox, EnginePart {
  private readonly engine: Engine
  private readonly now: () => number
  private waiting = 0
  /** Dead ones, oldest first, each with its place in the order of dying. */
  private readonly kept = new Map<string, number>()
  private lastPlace = 0
  /** Ids on their way to the disk, where a read does not see them yet. */
  private readonly adding = new Map<string, Group>()
  private readonly turns = new Map<string, Promise<unknown>>()

  constructor(engine: Engine, now: () => number) {
    this.engine = engine
    this.now = now
  }

  /** Writes a notice in a commit's group. One that is there already stays: a repeated commit repeats its id. */
  add(group: Group, notice: Notice): void {
    if (this.isWaiting(notice.id)) return
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
    await this.inTurn(id, () => this.settleNow(id, result))
  }

  async replace(ids: readonly [string, ...string[]], notices: readonly Notice[]): Promise<void> {
    const act = () => this.engine.use(() => this.replaceNow(ids, notices))
    // Always in the same order: else two could wait for each other.
    const inTurns = [...ids]
      .sort()
      .reduce<() => Promise<void>>((next, id) => () => this.queued(id, next), act)
    await inTurns()
  }

  async dead(query: DeadQuery): Promise<DeadPage> {
    return this.engine.use(() => this.readDead(query))
  }

  async replay(id: string): Promise<boolean> {
    return this.inTurn(id, () => this.replayNow(id))
  }

  async stats(): Promise<{ readonly waiting: number; readonly dead: number }> {
    return { waiting: this.waiting, dead: this.kept.size }
  }

  forget(): void {
    this.adding.clear()
  }

  async reload(): Promise<void> {
    const { database } = this.engine
    this.waiting = 0
    this.kept.clear()
    this.lastPlace = 0
    await scan(database, under('q!'), () => {
      this.waiting += 1
    })
    await scan(database, under('y!'), (key) => {
      this.lastPlace = placeOfKey(key)
      this.kept.set(nameOfKey(key), this.lastPlace)
    })
  }

  private inTurn<T>(id: string, act: () => Promise<T>): Promise<T> {
    return this.queued(id, () => this.engine.use(act))
  }

  /** Acts on one notice follow each other. */
  private async queued<T>(id: string, act: () => Promise<T>): Promise<T> {
    const turn = (this.turns.get(id) ?? Promise.resolve()).catch(() => undefined).then(act)
    this.turns.set(id, turn)
    try {
      return await turn
    } finally {
      if (this.turns.get(id) === turn) this.turns.delete(id)
    }
  }

  private async readDue({ now, limit }: { now: number; limit: number }): Promise<Notice[]> {
    const { database } = this.engine
    const rows = await database.read({ gte: 'q!', lt: keys.queued(now + 1, ''), limit })
    const ids = rows.map(([key]) => nameOfKey(key))
    const texts = await database.getMany(ids.map((id) => keys.notice(id)))
    return texts.filter((text) => text !== undefined).map(decodeNotice)
  }

  private async readDead({ limit, after }: DeadQuery): Promise<DeadPage> {
    const { database } = this.engine
    const { gte, lt } = under('y!')
    const below = after === undefined ? lt : keys.deadPlace(Number(after), '')
    const rows = await database.read({ gte, lt: below, limit: limit + 1, reverse: true })
    const page = rows.slice(0, limit).map(([key]) => key)
    const texts = await database.getMany(page.map((key) => keys.dead(nameOfKey(key))))
    const notices = texts.filter((text) => text !== undefined).map(decodeNotice)
    const last = page.at(-1)
    return last === undefined || rows.length <= limit
      ? { notices }
      : { notices, next: String(placeOfKey(last)) }
  }

  private async settleNow(id: string, result: NoticeResult): Promise<void> {
    const notice = await this.readWaiting(id)
    if (notice === undefined) return
    const group = this.engine.writing()
    this.take(group, notice)
    const tried = { ...notice, tries: notice.tries + 1 }
    if (result.result === 'retry') {
      this.put(group, { ...tried, due: result.due })
      this.waiting += 1
    }
    if (result.result === 'dead') this.keep(group, tried)
    await group.done
    this.adding.delete(id)
  }

  private async replaceNow(
    [id, ...others]: readonly [string, ...string[]],
    notices: readonly Notice[],
  ): Promise<void> {
    const notice = await this.readWaiting(id)
    if (notice === undefined) return
    const besides = await Promise.all(others.map((other) => this.readWaiting(other)))
    const group = this.engine.writing()
    for (const each of [notice, ...besides]) if (each !== undefined) this.take(group, each)
    const again = notices.find((each) => each.id === id)
    for (const each of notices) if (each.id !== id) this.add(group, each)
    if (again !== undefined) {
      this.put(group, again)
      this.waiting += 1
    }
    await group.done
    for (const taken of [id, ...others]) this.adding.delete(taken)
  }

  private async replayNow(id: string): Promise<boolean> {
    const text = await this.engine.database.get(keys.dead(id))
    const place = this.kept.get(id)
    if (text === undefined || place === undefined) return false
    const group = this.engine.writing()
    this.bury(group, id, place)
    this.add(group, { ...decodeNotice(text), due: this.now(), tries: 0 })
    await group.done
    return true
  }

  private async readWaiting(id: string): Promise<Notice | undefined> {
    const text = await this.engine.database.get(keys.notice(id))
    return text === undefined ? undefined : decodeNotice(text)
  }

  private isWaiting(id: string): boolean {
    return this.adding.has(id) || this.engine.database.getSync(keys.notice(id)) !== undefined
  }

  private put(group: Group, notice: Notice): void {
    group.put(keys.notice(notice.id), encodeRecord({ notice }))
    group.put(keys.queued(notice.due, notice.id), encodeRecord({}))
  }

  private take(group: Group, { id, due }: Notice): void {
    group.del(keys.queued(due, id))
    group.del(keys.notice(id))
    this.waiting -= 1
  }

  private keep(group: Group, notice: Notice): void {
    const { id } = notice
    const before = this.kept.get(id)
    if (before !== undefined) this.bury(group, id, before)
    this.lastPlace += 1
    this.kept.set(id, this.lastPlace)
    group.put(keys.dead(id), encodeRecord({ notice }))
    group.put(keys.deadPlace(this.lastPlace, id), encodeRecord({}))
    for (const [oldest, place] of this.kept) {
      if (this.kept.size <= maxDeadNotices) return
      this.bury(group, oldest, place)
    }
  }

  private bury(group: Group, id: string, place: number): void {
    this.kept.delete(id)
    group.del(keys.deadPlace(place, id))
    group.del(keys.dead(id))
  }
}

function decodeNotice(text: string): Notice {
  return (decodeRecord(text) as { notice: Notice }).notice
}
