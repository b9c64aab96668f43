import type { Notice, NoticeResult, Outbox } from '../../core/ports.ts'

/** Notices in memory: a list sorted by due time, and the dead beside it. */
export class MemoryOutbox implements Outbox {
  private readonly waiting = new Map<string, Notice>()
  private readonly dead = new Map<string, Notice>()
  private readonly queue: Notice[] = []

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
    const notice = this.waiting.get(id)
    if (notice === undefined) return
    this.waiting.delete(id)
    this.queue.splice(this.queue.indexOf(notice), 1)
    const tried = { ...notice, tries: notice.tries + 1 }
    if (result.result === 'retry') this.enqueue({ ...tried, due: result.due })
    if (result.result === 'dead') this.dead.set(id, tried)
  }

  async stats(): Promise<{ readonly waiting: number; readonly dead: number }> {
    return { waiting: this.waiting.size, dead: this.dead.size }
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
