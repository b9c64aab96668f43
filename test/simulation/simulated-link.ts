import type { Inbound } from '../../src/core/acceptor.ts'
import { inOrder } from '../../src/core/message-list.ts'
import type { Encoded, Link, OwnMessage } from '../../src/core/ports.ts'
import type { Dice } from './dice.ts'
import type { Life, Timeline } from './timeline.ts'

/** What the browser's end of a link is told. */
export interface LinkListener {
  onText(text: string): void
  /** `code` undefined: lost without a word. */
  onEnd(code: number | undefined): void
}

/** A server notices a link that went silent after this time at most: a ping and its timeout. */
const pingMs = 45_000
const maxDelayMs = 60

/**
 * One link between a browser and a node: both directions keep their order and take time. It may be cut, which each
 * side notices in its own time, stall, or end in order.
 */
export class SimulatedLink implements Link {
  pendingBytes = 0
  inbound: Inbound | undefined
  readonly #timeline: Timeline
  readonly #dice: Dice
  readonly #life: Life
  readonly #listener: LinkListener
  readonly #carries: 'stream' | 'messages'
  #down: Pipe
  #up: Pipe
  #isCut = false
  #isEnded = false
  #heldBack: string[] | undefined
  #stalled: (() => void)[] | undefined

  constructor(parts: {
    timeline: Timeline
    dice: Dice
    life: Life
    listener: LinkListener
    /** `stream`: a frame may be cut over several messages. */
    carries: 'stream' | 'messages'
  }) {
    this.#carries = parts.carries
    this.#timeline = parts.timeline
    this.#dice = parts.dice
    this.#life = parts.life
    this.#listener = parts.listener
    this.#down = { last: 0 }
    this.#up = { last: 0 }
  }

  get isOpen(): boolean {
    return !this.#isCut && !this.#isEnded
  }

  // The node's end.

  write(messages: readonly Encoded[], own?: readonly OwnMessage[]): void {
    const texts = inOrder(messages, own).map((item) => item.text)
    // Frame ids are numbered over all runs of a process, so they do not count: each run is as if alone.
    const bytes = texts.reduce((sum, text) => sum + text.length - text.indexOf(','), 0)
    this.pendingBytes += bytes
    const take = () => {
      this.pendingBytes -= bytes
      for (const text of texts) this.#carry(this.#down, () => this.#deliver(text))
    }
    if (this.#stalled === undefined) take()
    else this.#stalled.push(take)
  }

  close(code: number): void {
    // Whoever takes nothing does not take the closing handshake either: the transport gives up on it.
    if (this.#stalled !== undefined) this.cut()
    this.#carry(this.#down, () => {
      if (this.#isCut || this.#isEnded) return
      this.#isEnded = true
      this.#listener.onEnd(code)
      this.#timeline.after(this.#dice.delay(0, maxDelayMs), () => this.#endInbound('clean'))
    })
    if (this.#isCut) this.#noticeHere(2000)
  }

  pause(): void {
    this.#heldBack ??= []
  }

  resume(): void {
    const held = this.#heldBack ?? []
    this.#heldBack = undefined
    for (const text of held) this.#receive(text)
  }

  // The browser's end.

  send(text: string): void {
    if (!this.isOpen) return
    const isCut = this.#carries === 'stream' && this.#dice.chance(0.05)
    const cut = isCut ? this.#dice.between(1, text.length - 1) : text.length
    for (const part of [text.slice(0, cut), text.slice(cut)]) {
      if (part !== '') this.#carry(this.#up, () => this.#receive(part))
    }
  }

  /** The browser ends the link: `clean` with a closing handshake, `unclean` by going away. */
  leave(how: 'clean' | 'unclean'): void {
    if (!this.isOpen) return
    this.#isEnded = true
    this.#carry(this.#up, () => this.#endInbound(how))
  }

  // What happens to it.

  /** Nothing passes any more; neither side knows yet. */
  cut(): void {
    if (!this.isOpen) return
    this.#isCut = true
    this.#noticeHere(pingMs)
    this.#noticeThere(10_000)
  }

  /** The node has died: its end is gone. */
  die(): void {
    if (!this.isOpen) return
    this.#isCut = true
    this.#noticeThere(3000)
  }

  /** The browser takes nothing for a while. */
  stall(ms: number): void {
    if (!this.isOpen || this.#stalled !== undefined) return
    this.#stalled = []
    this.#timeline.after(ms, () => {
      const takes = this.#stalled ?? []
      this.#stalled = undefined
      for (const take of takes) take()
    })
  }

  #noticeHere(withinMs: number): void {
    this.#timeline.after(this.#dice.delay(0, withinMs), () => this.#endInbound('lost'))
  }

  #noticeThere(withinMs: number): void {
    this.#timeline.after(this.#dice.delay(0, withinMs), () => {
      if (this.#isEnded) return
      this.#isEnded = true
      this.#listener.onEnd(undefined)
    })
  }

  /** In order, some time later. */
  #carry(pipe: Pipe, arrive: () => void): void {
    const { now } = this.#timeline
    pipe.last = Math.max(pipe.last, now + this.#dice.delay(0, maxDelayMs))
    this.#timeline.after(pipe.last - now, arrive)
  }

  #deliver(text: string): void {
    if (!this.#isCut && !this.#isEnded) this.#listener.onText(text)
  }

  #receive(text: string): void {
    if (this.#isCut || this.#life.isOver) return
    if (this.#heldBack === undefined) this.inbound?.receive(text)
    else this.#heldBack.push(text)
  }

  #endInbound(how: 'clean' | 'unclean' | 'lost'): void {
    if (!this.#life.isOver) this.inbound?.end(how)
  }
}

interface Pipe {
  last: number
}
