import type { DeadPage, DeadQuery, Notice, NoticeResult, Outbox } from '../../core/ports.ts'
import { maxDeadNotices } from '../aggregate/dead-notices.ts'

/** Notices in memory: a list sorted by due time, and the dead beside it. */
export class MemoryOutbox implements Outbox {
  private readonly now: () => number
  private readonly waiting = new Map<string, Notice>()
  /** Oldest first, each with its place in the order of dying. */
  private readonly kept = new Map<string, { readonly notice: Notice; readonly place: number }>()
  private lastPlace = 0
  private readonly queue: Notice[] = []

  constructor(now: () => number) {
    this.now = now
  }

  /** A notice that is there already stays as it is: whoever repeats a commit repeats its id. */
  add(notice: Notice): void {
    if (!this.waiting.has(notice.id)) this.enqueue(notice)
  }

  async due(query: { readonly now: number; readonly limit: number }): Promise<readonly Notice[]> {
    const due: Notice[] = []
    for (const notice of this.queue) {
      if (notice.due > query.now || due.length >= query.limit) break
      due.push(notice)
    }
    return due
  }

  async settle(id: string, result: NoticeResult): Promise<void> {
    const notice = this.take(id)
    if (notice === undefined) return
    const tried = { ...notice, tries: notice.tries + 1 }
    if (result.result === 'retry') this.enqueue({ ...tried, due: result.due })
    if (result.result === 'dead') this.keep(tried)
  }

  async replace([id, ...others]: readonly string[], notices: readonly Notice[]): Promise<void> {
    if (this.take(id ?? '') === undefined) return
    for (const other of others) this.take(other)
    for (const notice of notices) this.add(notice)
  }

  async dead({ limit, after }: DeadQuery): Promise<DeadPage> {
    const below = after === undefined ? Number.POSITIVE_INFINITY : Number(after)
    const older = [...this.kept.values()].reverse().filter(({ place }) => place < below)
    const page = older.slice(0, limit)
    const last = page.at(-1)
    const notices = page.map(({ notice }) => notice)
    return last === undefined || page.length === older.length
      ? { notices }
      : { notices, next: String(last.place) }
  }

  async replay(id: string): Promise<boolean> {
    const notice = this.kept.get(id)?.notice
    if (notice === undefined) return false
    this.kept.delete(id)
    this.add({ ...notice, due: this.now(), tries: 0 })
    return true
  }

  async stats(): Promise<{ readonly waiting: number; readonly dead: number }> {
    return { waiting: this.waiting.size, dead: this.kept.size }
  }

  private take(id: string): Notice | undefined {
    const notice = this.waiting.get(id)
    if (notice === undefined) return undefined
    this.waiting.delete(id)
    this.queue.splice(this.queue.indexOf(notice), 1)
    return notice
  }

  private keep(notice: Notice): void {
    this.lastPlace += 1
    this.kept.delete(notice.id)
    this.kept.set(notice.id, { notice, place: this.lastPlace })
    const [oldest] = this.kept.keys()
    if (this.kept.size > maxDeadNotices && oldest !== undefined) this.kept.delete(oldest)
  }

  private enqueue(notice: Notice): void {
    this.waiting.set(notice.id, notice)
    let low = 0
    let high = this.queue.length
    while (low < high) {
      const middle = (low + high) >> 1
      if ((this.queue[middle] as Notice).due <= notice.due) low = middle + 1
      else high = middle
    }
    this.queue.splice(low, 0, notice)
  }
}
