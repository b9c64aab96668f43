import type { FrameArgs } from './frames.ts'
import { clientError, OffhookError } from './offhook-error.ts'

/** Where a page stands towards a channel. */
export type ChannelStatus = 'idle' | 'subscribing' | 'subscribed' | 'unsubscribed' | 'refused'

/** What a membership acts through. */
export interface MembershipPorts {
  /** Sends a frame now, or answers false: there is no link, `sync` will be called when there is. */
  send(
    name: 'SUBSCRIBE' | 'UNSUBSCRIBE',
    answered: (answer: FrameArgs | OffhookError) => void,
  ): boolean
  /** Calls its argument after a while. */
  backOff(again: () => void): void
  /** Status or error are others now. */
  changed(): void
}

/** Ends a wait: well, or with what went wrong. */
type Waiter = (error: OffhookError | undefined) => void

/**
 * Brings what the page wants and where the server has it together, one SUBSCRIBE or UNSUBSCRIBE at a time, over any
 * number of links. Who did not ask for anything here (another tab, the app) is believed.
 */
export class Membership {
  readonly #ports: MembershipPorts
  #desire: 'in' | 'out' | 'none' = 'none'
  /** This link gets the channel's frames. */
  #isAttached = false
  #wasAttached = false
  #pending: 'SUBSCRIBE' | 'UNSUBSCRIBE' | 'backing off' | undefined
  #error: OffhookError | undefined
  #joining: Waiter[] = []
  #leaving: Waiter[] = []
  /** Answers to frames of an earlier link, and earlier waits, are not this one's. */
  #link = 0

  constructor(ports: MembershipPorts) {
    this.#ports = ports
  }

  get status(): ChannelStatus {
    if (this.#desire === 'in') return this.#isAttached ? 'subscribed' : 'subscribing'
    if (this.#isAttached) return 'subscribed'
    if (this.#error !== undefined) return 'refused'
    return this.#wasAttached ? 'unsubscribed' : 'idle'
  }

  /** Why the last subscribe did not succeed, or has not yet. */
  get error(): OffhookError | undefined {
    return this.#error
  }

  get isWanted(): boolean {
    return this.#desire === 'in'
  }

  /** Resolves when the snapshot is there; rejects if the server refuses for good. */
  join(): Promise<void> {
    if (this.#desire === 'out') this.#settle('leaving')
    this.#desire = 'in'
    this.#error = undefined
    return this.#wait(this.#joining)
  }

  /** Resolves when the server has taken the user out. */
  leave(): Promise<void> {
    if (this.#desire === 'in') this.#settle('joining', clientError('unsubscribed'))
    this.#desire = 'out'
    return this.#wait(this.#leaving)
  }

  /** The server's snapshot has come, asked for or not. */
  attached(): void {
    this.#isAttached = true
    this.#wasAttached = true
    this.#error = undefined
    if (this.#desire === 'none') this.#desire = 'in'
    if (this.#desire === 'in') this.#settle('joining')
    this.#ports.changed()
  }

  /** The server has taken the user out, asked for or not. */
  detached(): void {
    this.#isAttached = false
    // while a frame of our own is under way, its answer decides
    if (this.#desire === 'in' && this.#pending === undefined) this.#desire = 'none'
    this.#ports.changed()
  }

  /** The link is gone: what the page wants stays. */
  lost(): void {
    this.#link += 1
    this.#isAttached = false
    this.#pending = undefined
    this.#ports.changed()
  }

  /** Fails whoever waits: the client is closed. */
  fail(error: OffhookError): void {
    this.#settle('joining', error)
    this.#settle('leaving', error)
  }

  /** Does the next thing that is to be done. */
  sync(): void {
    if (this.#pending !== undefined) return
    if (this.#desire === 'in' && this.#isAttached) this.#settle('joining')
    if (this.#desire === 'in' && !this.#isAttached) this.#send('SUBSCRIBE')
    if (this.#desire === 'out') this.#send('UNSUBSCRIBE')
  }

  #wait(waiters: Waiter[]): Promise<void> {
    const promise = new Promise<void>((resolve, reject) => {
      waiters.push((error) => (error === undefined ? resolve() : reject(error)))
    })
    // Whoever only looks at the status need not catch.
    promise.catch(nothing)
    this.sync()
    this.#ports.changed()
    return promise
  }

  #send(name: 'SUBSCRIBE' | 'UNSUBSCRIBE'): void {
    const link = this.#link
    const isSent = this.#ports.send(name, (answer) => {
      if (link !== this.#link) return
      this.#pending = undefined
      if (name === 'SUBSCRIBE') this.#subscribed(answer)
      else this.#unsubscribed(answer)
      this.sync()
      this.#ports.changed()
    })
    if (isSent) this.#pending = name
  }

  #subscribed(answer: FrameArgs | OffhookError): void {
    if (this.#desire !== 'in') return
    if (!(answer instanceof OffhookError)) {
      // Taken out again between the snapshot and this OK: that was the app's or another tab's will.
      if (!this.#isAttached) this.#desire = 'none'
      this.#settle('joining')
      return
    }
    this.#error = answer
    if (answer.retry) this.#retryLater()
    else {
      this.#desire = 'none'
      this.#settle('joining', answer)
    }
  }

  #unsubscribed(answer: FrameArgs | OffhookError): void {
    if (!(answer instanceof OffhookError)) this.#isAttached = false
    if (this.#desire !== 'out') return
    this.#desire = this.#isAttached ? 'in' : 'none'
    this.#settle('leaving', answer instanceof OffhookError ? answer : undefined)
  }

  #retryLater(): void {
    const link = this.#link
    this.#pending = 'backing off'
    this.#ports.backOff(() => {
      if (link !== this.#link) return
      this.#pending = undefined
      this.sync()
    })
  }

  #settle(which: 'joining' | 'leaving', error?: OffhookError): void {
    const waiters = which === 'joining' ? this.#joining : this.#leaving
    for (const settle of waiters.splice(0)) settle(error)
  }
}

function nothing(): void {
  // an ignored promise is no unhandled rejection
}
