import fc from 'fast-check'
import { expect, test } from 'vitest'
import { type ToldCount, UnreadCount } from './unread-count.ts'

type Author = 'oneself' | 'another'

/** A room on a server, one page of one of its members, and what is on its way between them. */
class Model {
  readonly count = new UnreadCount()
  #epoch = 1
  #authors: Author[] = []
  #marker = 0
  /** Frames in the order of the commits, as the link brings them. */
  #frames: (() => void)[] = []
  /** ROOMS overtakes frames, and is overtaken: asked, perhaps read from the store, not answered yet. */
  #asked: { told?: ToldCount } | undefined
  #isDoubted = true
  /** The newest entry that the page was told of, and the life of the room that it was told in. */
  #position = 0
  #known = 1

  get truth() {
    return { unread: this.#authors.length - this.#marker, readOffset: this.#marker }
  }

  publish(author: Author): void {
    const offset = this.#authors.push(author)
    this.#frames.push(() => this.#takePublish(offset, author))
    if (author === 'oneself') this.read(0)
  }

  /** In another tab, or in this one: all but the newest few. */
  read(butNewest: number): void {
    const offset = this.#authors.length - butNewest
    if (offset <= this.#marker) return
    this.#marker = offset
    const { unread } = this.truth
    this.#frames.push(() => {
      if (!this.count.takeRead(offset, unread)) this.#isDoubted = true
    })
  }

  deliver(): void {
    this.#frames.shift()?.()
  }

  ask(): void {
    if (this.#asked !== undefined) return
    this.#asked = {}
    this.#isDoubted = false
    this.count.asked()
  }

  readStore(): void {
    if (this.#asked === undefined) return
    const position = { epoch: String(this.#epoch), offset: this.#authors.length }
    this.#asked.told ??= { position, ...this.truth }
  }

  answer(): void {
    if (this.#asked?.told === undefined) return
    this.count.takeRoom(this.#asked.told)
    this.#asked = undefined
  }

  /** What was on its way is lost with the link; the next one begins with what was missed, or with a reset. */
  relink(how: 'recovered' | 'reset'): void {
    this.#frames = []
    // ROOMS is asked anew: nothing of the earlier link is answered.
    this.#asked = undefined
    if (how === 'reset' || this.#known !== this.#epoch) this.#snapshot()
    else {
      const missed = this.#authors.slice(this.#position)
      for (const author of missed) this.#takePublish(this.#position + 1, author)
    }
    this.#isDoubted = true
  }

  /** The room ends and another one has its name. */
  remake(): void {
    this.#epoch += 1
    this.#authors = []
    this.#marker = 0
    this.#frames.push(() => this.#snapshot())
  }

  /** Everything that is on its way arrives. */
  settle(first: 'frames' | 'answers'): void {
    while (this.#frames.length > 0 || this.#asked !== undefined || this.#isDoubted) {
      if (first === 'frames') this.#settleFrames()
      this.readStore()
      this.answer()
      if (this.#isDoubted) this.ask()
      this.readStore()
      this.answer()
      this.#settleFrames()
    }
  }

  #settleFrames(): void {
    while (this.#frames.length > 0) this.deliver()
  }

  /** Tells of the room as it is now: what of it was on its way is part of that. */
  #snapshot(): void {
    this.count.takeReset({ epoch: String(this.#epoch), offset: this.#authors.length })
    this.#position = this.#authors.length
    this.#known = this.#epoch
    this.#frames = []
    this.#isDoubted = true
  }

  #takePublish(offset: number, author: Author): void {
    this.#position = offset
    this.count.takePublish(offset, author)
  }
}

const step = fc.oneof(
  fc.constant((model: Model) => model.publish('another')),
  fc.constant((model: Model) => model.publish('oneself')),
  fc.nat(3).map((butNewest) => (model: Model) => model.read(butNewest)),
  fc.constant((model: Model) => model.deliver()),
  fc.constant((model: Model) => model.deliver()),
  fc.constant((model: Model) => model.ask()),
  fc.constant((model: Model) => model.readStore()),
  fc.constant((model: Model) => model.answer()),
  fc.constant((model: Model) => model.relink('recovered')),
  fc.constant((model: Model) => model.relink('reset')),
  fc.constant((model: Model) => model.remake()),
)

test('whatever overtakes what: at rest the count is the server’s, and never negative before', () => {
  fc.assert(
    fc.property(
      fc.array(step, { maxLength: 40 }),
      fc.constantFrom('frames' as const, 'answers' as const),
      (steps, first) => {
        const model = new Model()
        model.settle(first)
        for (const run of steps) {
          run(model)
          expect(model.count.told.unread).toBeGreaterThanOrEqual(0)
        }
        model.settle(first)
        expect(model.count.told).toEqual(model.truth)
      },
    ),
    { numRuns: 1000 },
  )
})

test('no more is unread than the room shows', () => {
  const count = new UnreadCount()
  count.limit = 2
  for (const offset of [1, 2, 3]) count.takePublish(offset, 'another')
  expect(count.told.unread).toBe(2)
})
