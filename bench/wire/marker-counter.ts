/**
 * Counts how often a byte sequence stands in what it is fed, also where it is cut between two feeds. Only payload
 * bytes may be fed: a marker byte may just as well be a length in a frame's head (`~` is 126).
 */
export class MarkerCounter {
  readonly #marker: Buffer
  readonly #first: number
  /** Of each prefix, how long the longest shorter prefix is that also ends it (Knuth, Morris, Pratt). */
  readonly #borders: readonly number[]
  #matched = 0
  /** Where the next marker byte of the chunk stands, in a payload or not; -1: not looked for. */
  #next = -1

  constructor(marker: string) {
    this.#marker = Buffer.from(marker)
    if (this.#marker.length === 0) throw new RangeError('a marker has at least one byte')
    this.#first = this.#marker[0] ?? 0
    this.#borders = bordersOf(this.#marker)
  }

  /** Another chunk is fed from now on. */
  startChunk(): void {
    this.#next = -1
  }

  /** Markers that end in `chunk[from..to)`; within a chunk only forwards. */
  feed(chunk: Buffer, from: number, to: number): number {
    return this.#marker.length === 1
      ? this.#countByte(chunk, from, to)
      : this.#countSequence(chunk, from, to)
  }

  /** What was fed so far is over: a marker does not go on in what follows. */
  end(): void {
    this.#matched = 0
  }

  /** One native search per marker: what was found ahead, in a later frame of the chunk, is kept for it. */
  #countByte(chunk: Buffer, from: number, to: number): number {
    let count = 0
    let at = this.#next < from ? this.#find(chunk, from) : this.#next
    while (at < to) {
      count += 1
      at = this.#find(chunk, at + 1)
    }
    this.#next = at
    return count
  }

  #find(chunk: Buffer, from: number): number {
    const at = chunk.indexOf(this.#first, from)
    return at === -1 ? Number.POSITIVE_INFINITY : at
  }

  #countSequence(chunk: Buffer, from: number, to: number): number {
    const marker = this.#marker
    let count = 0
    let matched = this.#matched
    for (let i = from; i < to; i += 1) {
      const byte = chunk[i]
      while (matched > 0 && byte !== marker[matched]) matched = this.#borders[matched - 1] ?? 0
      if (byte === marker[matched]) matched += 1
      if (matched < marker.length) continue
      count += 1
      matched = 0
    }
    this.#matched = matched
    return count
  }
}

function bordersOf(marker: Buffer): number[] {
  const borders = [0]
  let length = 0
  for (let i = 1; i < marker.length; i += 1) {
    while (length > 0 && marker[i] !== marker[length]) length = borders[length - 1] ?? 0
    if (marker[i] === marker[length]) length += 1
    borders.push(length)
  }
  return borders
}
