import type { Core } from './core.ts'
import type { Entry } from './entry.ts'
import type { HistoryQuery } from './ports.ts'
import { entrySize } from './within-bytes.ts'

/** Entries read first, before it is known how large they are. */
const firstPage = 32
const maxPage = 1000

type Wish = Omit<HistoryQuery, 'after' | 'before' | 'now'>
/** Offsets, exclusive. */
type NewestWish = Wish & { readonly before: number; readonly after?: number }
type OldestWish = Wish & { readonly after: number }

/** What has been read of a channel, and how much more to ask for. */
class Pages {
  readonly #core: Core
  readonly #limit: number
  #count = 0
  #bytes = 0

  constructor(core: Core, limit: number) {
    this.#core = core
    this.#limit = limit
  }

  /** 0: it is enough. */
  get next(): number {
    const { maxSnapshotBytes } = this.#core.settings
    if (this.#count === 0) return Math.min(this.#limit, firstPage)
    if (this.#bytes > maxSnapshotBytes) return 0
    const fitting = Math.floor(((maxSnapshotBytes - this.#bytes) * this.#count) / this.#bytes) + 1
    return Math.min(this.#limit - this.#count, maxPage, fitting)
  }

  async read(channel: string, query: Omit<HistoryQuery, 'now'>): Promise<readonly Entry[]> {
    const now = this.#core.clock.now()
    const page = await this.#core.stores.channels.history(channel, { ...query, now })
    this.#count += page.length
    for (const entry of page) this.#bytes += entrySize(entry)
    return page
  }
}

/**
 * The newest entries before an offset, oldest first, page by page until it is all or more than a snapshot may hold.
 * Attack: a thousand messages of a megabyte, read in one piece; so each page is as long as the ones before it let expect.
 */
export async function readNewest(
  core: Core,
  channel: string,
  { before: end, after = Number.NEGATIVE_INFINITY, limit: most, ...query }: NewestWish,
): Promise<readonly Entry[]> {
  const pages = new Pages(core, most)
  let entries: readonly Entry[] = []
  for (let before = end; ; ) {
    const limit = Math.min(pages.next, before - after - 1)
    if (limit <= 0) return entries
    const page = await pages.read(channel, { ...query, before, limit })
    entries = [...page, ...entries]
    if (page[0] === undefined || page.length < limit) return entries
    before = page[0].offset
  }
}

/** The same of the oldest entries after an offset. */
export async function readOldest(
  core: Core,
  channel: string,
  { after: start, limit: most, ...query }: OldestWish,
): Promise<readonly Entry[]> {
  const pages = new Pages(core, most)
  const entries: Entry[] = []
  for (let after = start; ; ) {
    const limit = pages.next
    if (limit <= 0) return entries
    const page = await pages.read(channel, { ...query, after, limit })
    entries.push(...page)
    const last = page.at(-1)
    if (last === undefined || page.length < limit) return entries
    after = last.offset
  }
}
