import type { ServerResponse } from 'node:http'
import type { CspOutbox } from './outbox.ts'
import type { CspVariables } from './variables.ts'

/** What an answer to a comet request is made of. */
export interface CometParts {
  readonly response: ServerResponse
  readonly variables: CspVariables
  readonly outbox: CspOutbox
  /** Attack: a streaming reader that never acknowledges keeps every byte in memory. The answer ends here, so that it has to. */
  readonly maxUnacknowledgedBytes: number
}

/** One comet request that is being answered: with one batch, or with a stream of them. */
export class Comet {
  readonly startedAt: number
  readonly #parts: CometParts
  /** Id of the last packet that went into this answer. */
  #sentId: number
  #streamedBytes = 0
  #isAnswered = false

  constructor(parts: CometParts, now: number) {
    this.#parts = parts
    this.startedAt = now
    this.#sentId = parts.outbox.acknowledged
    if (parts.variables.answer === 'stream') this.#begin()
  }

  get variables(): CspVariables {
    return this.#parts.variables
  }

  /** Whether nothing more will be added to it. */
  get isAnswered(): boolean {
    return this.#isAnswered
  }

  /** Whether the closing packet is in it. */
  get closes(): boolean {
    return this.#parts.outbox.isClose(this.#sentId)
  }

  /** Bytes that the network has not taken yet. Only a stream knows; one batch waits for its acknowledgement. */
  get pendingBytes(): number {
    const { outbox, response, variables } = this.#parts
    if (variables.answer === 'one batch') return outbox.bytes
    return outbox.bytes - this.#streamedBytes + response.writableLength
  }

  /** Sends what there is. */
  pump(): void {
    if (this.#parts.variables.answer === 'one batch') {
      if (this.#parts.outbox.lastId > this.#sentId) this.end()
    } else this.#stream()
  }

  /** A sign of life on a stream. */
  beat(): void {
    if (!this.#isAnswered && !this.#parts.response.writableNeedDrain) {
      this.#parts.response.write(this.#text('[]'))
    }
  }

  /** Ends the answer: with the packets there are, or with an empty list. */
  end(): void {
    if (this.#isAnswered) return
    if (this.#parts.variables.answer === 'stream') this.#finish(this.#text('[]'))
    else this.#answerOnce()
  }

  /** The packets that were acknowledged meanwhile no longer count as waiting. */
  acknowledged(bytes: number): void {
    this.#streamedBytes = Math.max(0, this.#streamedBytes - bytes)
  }

  /** A newer request takes over. What nobody read until now is sent again there, and need not be kept here. */
  yield(): void {
    if (!this.#isAnswered) this.end()
    else if (!this.#parts.response.writableFinished) this.destroy()
  }

  /** Breaks the answer off. */
  destroy(): void {
    this.#isAnswered = true
    this.#parts.response.destroy()
  }

  #begin(): void {
    const { response } = this.#parts
    response.writeHead(200, { 'Content-Type': this.#contentType() })
    const opening = this.#opening()
    if (opening === '') response.flushHeaders()
    else response.write(opening)
    response.on('drain', () => this.#stream())
  }

  #stream(): void {
    const { outbox, response, maxUnacknowledgedBytes } = this.#parts
    while (!this.#isAnswered && !response.writableNeedDrain) {
      const batch = outbox.batchAfter(this.#sentId)
      if (batch === undefined) return
      this.#sentId = batch.lastId
      this.#streamedBytes += batch.bytes
      const text = this.#text(batch.json)
      if (this.closes || this.#streamedBytes >= maxUnacknowledgedBytes) this.#finish(text)
      else response.write(text)
    }
  }

  #answerOnce(): void {
    const { outbox, response } = this.#parts
    const batch = outbox.batchAfter(this.#sentId)
    if (batch !== undefined) this.#sentId = batch.lastId
    const body = Buffer.from(`${this.#opening()}${this.#text(batch?.json ?? '[]')}`)
    response.writeHead(200, {
      'Content-Type': this.#contentType(),
      'Content-Length': body.length,
    })
    this.#finish(body)
  }

  #finish(text: string | Buffer): void {
    this.#isAnswered = true
    this.#parts.response.end(text)
  }

  #text(json: string): string {
    const { batchPrefix, batchSuffix, ids } = this.#parts.variables
    const id = ids === 'none' ? '' : `id: ${this.#sentId}\r\n`
    return `${batchPrefix}(${json})${batchSuffix}${id}`
  }

  /** For server-sent events as a comment: else it would be part of the first event's line. */
  #opening(): string {
    const { ids, preamble, prebufferBytes } = this.#parts.variables
    const spaces = preamble + ' '.repeat(prebufferBytes)
    return spaces === '' || ids === 'none' ? spaces : `:${spaces}\r\n`
  }

  #contentType(): string {
    const { contentType, ids } = this.#parts.variables
    const usual = ids === 'none' ? 'text/plain' : 'text/event-stream'
    return `${contentType ?? usual}; charset=utf-8`
  }
}
