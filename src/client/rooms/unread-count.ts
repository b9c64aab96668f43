import type { Position } from '../entry.ts'

/** What ROOMS says of a room's count. */
export interface ToldCount {
  /** The room's head when it was counted. */
  readonly position: Position
  readonly readOffset: number
  readonly unread: number
}

/** A server that answers ROOMS so slowly: what comes beyond is not worth the memory. */
const maxNews = 10_000

/**
 * How much of a room is unread, from frames that overtake each other: ROOMS is read from the store and may be ahead of
 * the PUBLISH frames or behind them, READ may be a late hint. Each offset counts once, and markers only move forward.
 */
export class UnreadCount {
  /** No more than this is shown, so no more can be unread. */
  limit = Number.POSITIVE_INFINITY
  #unread = 0
  #readOffset = 0
  /** Markers below are old. Less than `#readOffset` where that may be of an earlier life of the name. */
  #floor = 0
  #epoch: string | undefined
  /** Entries up to here are counted, or need not be. */
  #counted = 0
  /** What was counted since ROOMS was asked: its answer may not have it yet. */
  #news: number[] = []
  /** A snapshot has come since ROOMS was asked: an answer with another epoch tells of an earlier life of the name. */
  #isOvertaken = false

  get told(): Pick<ToldCount, 'unread' | 'readOffset'> {
    return { unread: Math.min(this.#unread, this.limit), readOffset: this.#readOffset }
  }

  /** ROOMS is asked. */
  asked(): void {
    this.#news = []
    this.#isOvertaken = false
  }

  takeRoom({ position, readOffset, unread }: ToldCount): void {
    const { epoch, offset } = position
    const isSame = epoch === (this.#epoch ?? epoch)
    // Else it was counted before a READ that has come since.
    if (isSame ? readOffset < this.#floor : this.#isOvertaken) return
    const news = isSame ? this.#news.filter((at) => at > offset) : []
    this.#epoch = epoch
    this.#counted = isSame ? Math.max(this.#counted, offset) : offset
    this.#setMarker(readOffset, unread + news.length)
  }

  /** False for one that cannot be placed: the room was made anew, or the frame is late. */
  takeRead(offset: number, unread: number): boolean {
    if (offset > this.#floor) {
      this.#counted = Math.max(this.#counted, offset)
      this.#setMarker(offset, unread)
    }
    return offset === this.#floor
  }

  takePublish(offset: number, author: 'oneself' | 'another'): void {
    if (offset <= this.#counted) return
    this.#counted = offset
    if (author === 'oneself') return
    if (this.#news.push(offset) > maxNews) this.#news.shift()
    this.#unread += 1
  }

  /**
   * A snapshot that does not say what was missed: ROOMS has to. Even within one epoch it lowers what is known: that may
   * stem from the last frames of the room that had this name before.
   */
  takeReset({ epoch, offset }: Position): void {
    this.#epoch = epoch
    this.#counted = offset
    this.#floor = 0
    this.#news = []
    this.#isOvertaken = true
  }

  #setMarker(readOffset: number, unread: number): void {
    this.#readOffset = readOffset
    this.#floor = readOffset
    this.#unread = unread
  }
}
