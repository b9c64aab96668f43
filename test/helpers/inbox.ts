const maxPrinted = 40

/** What a test awaits from the other side: keeps all that came, and hands each item to one waiter. */
export class Inbox<T> {
  readonly all: T[] = []
  readonly #unread = new Set<T>()
  readonly #waiting = new Set<{ matches(item: T): boolean; take(item: T): void }>()
  readonly #print: (item: T) => string

  constructor(print: (item: T) => string) {
    this.#print = print
  }

  push(item: T): void {
    this.all.push(item)
    for (const waiter of this.#waiting) {
      if (!waiter.matches(item)) continue
      this.#waiting.delete(waiter)
      waiter.take(item)
      return
    }
    this.#unread.add(item)
  }

  /** The first unread item that matches, now or when it comes; rejects after the deadline with all that came. */
  next(what: string, matches: (item: T) => boolean = () => true, deadlineMs = 8000): Promise<T> {
    const found = this.unread(matches)[0]
    if (found !== undefined) {
      this.#unread.delete(found)
      return Promise.resolve(found)
    }
    const { promise, resolve, reject } = Promise.withResolvers<T>()
    // The stack of the caller, not of the timer.
    const late = new Error(`no ${what} within ${deadlineMs} ms`)
    const waiter = {
      matches,
      take(item: T) {
        clearTimeout(timer)
        resolve(item)
      },
    }
    const timer = setTimeout(() => {
      this.#waiting.delete(waiter)
      late.message += `; came:\n${this.#printLast()}`
      reject(late)
    }, deadlineMs)
    this.#waiting.add(waiter)
    return promise
  }

  /** What came and was not taken by `next`. */
  unread(matches: (item: T) => boolean = () => true): T[] {
    return [...this.#unread].filter(matches)
  }

  #printLast(): string {
    const lines = this.all.slice(-maxPrinted).map((item) => `  ${this.#print(item).slice(0, 300)}`)
    return lines.join('\n')
  }
}
