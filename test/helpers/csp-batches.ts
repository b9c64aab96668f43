import type { CspMode } from './csp-modes.ts'

/** A packet of the server; null = it closes. */
export type ServerPacket = readonly [id: number, encoding: number, data: string | null]

/** Takes whole batches out of a comet answer as it comes, as the page of this mode would. */
export class BatchReader {
  readonly #mode: CspMode
  #rest = ''
  #isBegun = false
  /** As an EventSource has it: counts for the next request once the event after it has come. */
  lastEventId = ''
  #nextEventId = ''

  constructor(mode: CspMode) {
    this.#mode = mode
  }

  /** Batches that are complete with `text`. Throws for what this mode's page could not read. */
  push(text: string): ServerPacket[][] {
    this.#rest += text
    return this.#mode.acknowledges === 'Last-Event-ID' ? this.#events() : this.#batches()
  }

  /** What is left of an answer that ended here; must be nothing but spaces if it was whole. */
  get rest(): string {
    return this.#rest
  }

  #batches(): ServerPacket[][] {
    const { batchPrefix, batchSuffix } = this.#mode
    const batches: ServerPacket[][] = []
    if (!this.#isBegun) this.#rest = this.#rest.trimStart()
    for (;;) {
      const end = this.#endOfBatch()
      if (end < 0) return batches
      this.#isBegun = true
      const text = this.#rest.slice(0, end)
      this.#rest = this.#rest.slice(end)
      if (!text.startsWith(`${batchPrefix}(`)) throw new Error(`no batch: ${text}`)
      const json = text.slice(batchPrefix.length + 1, text.length - batchSuffix.length - 1)
      batches.push(JSON.parse(json) as ServerPacket[])
    }
  }

  /** Where a batch ends. A suffix without line end may stand in the JSON too: there an answer is one batch. */
  #endOfBatch(): number {
    const { batchPrefix, batchSuffix } = this.#mode
    const end = `)${batchSuffix}`
    if (batchSuffix.includes('\n')) {
      const index = this.#rest.indexOf(end)
      return index < 0 ? -1 : index + end.length
    }
    const json = this.#rest.slice(batchPrefix.length + 1, this.#rest.length - end.length)
    return this.#rest.endsWith(end) && isJson(json) ? this.#rest.length : -1
  }

  /** https://html.spec.whatwg.org/#event-stream-interpretation, the fields that are used here. */
  #events(): ServerPacket[][] {
    const batches: ServerPacket[][] = []
    let data = ''
    let done = 0
    for (const { line, end } of linesOf(this.#rest)) {
      if (line.startsWith('data: ')) data += line.slice(6)
      else if (line !== '') this.#field(line)
      else {
        this.lastEventId = this.#nextEventId
        if (data !== '') batches.push(JSON.parse(data.slice(1, -1)) as ServerPacket[])
        data = ''
      }
      if (data === '') done = end
    }
    this.#rest = this.#rest.slice(done)
    return batches
  }

  #field(line: string): void {
    if (line.startsWith('id: ')) this.#nextEventId = line.slice(4)
    else if (!line.startsWith(':')) throw new Error(`no field of an event: ${line}`)
  }
}

function* linesOf(text: string): Generator<{ line: string; end: number }> {
  let start = 0
  for (let end = text.indexOf('\r\n'); end >= 0; end = text.indexOf('\r\n', start)) {
    yield { line: text.slice(start, end), end: end + 2 }
    start = end + 2
  }
}

function isJson(text: string): boolean {
  try {
    JSON.parse(text)
    return true
  } catch {
    return false
  }
}
