import { claimTtlMs, isExpired } from '../aggregate/claims.ts'
import type { ChannelSlot } from './channel-slot.ts'
import { decodeClaim } from './claim-record.ts'
import type { KeyRange } from './database.ts'
import type { Engine } from './engine.ts'
import { under } from './keys.ts'

/** After this many claims written, twice as many are looked at: the sweep outruns the writing. */
const stride = 500
/** What becomes too old meanwhile waits for the next round. */
const minRestMs = 60 * 60 * 1000

/**
 * Deletes publish ids of users who never came back: a book gives up its own old ids only when its user claims
 * again. No timer: the sweep goes on around all ids as new ones are written, and rests after a round until the oldest
 * that it has seen is too old.
 */
export class ClaimSweeper {
  private readonly engine: Engine
  private readonly held = new Map<string, ChannelSlot>()
  private budget = 0
  private cursor: string | undefined
  private sweeping = false
  private restUntil = 0
  /** The oldest claim of the round that is under way; those written behind the sweep are younger than the round. */
  private oldest = 0

  constructor(engine: Engine) {
    this.engine = engine
  }

  /** A channel is in memory: the books there are not the sweeper's. */
  hold(slot: ChannelSlot): void {
    if (slot.log !== '') this.held.set(slot.log, slot)
  }

  letGo(slot: ChannelSlot): void {
    this.held.delete(slot.log)
  }

  forget(): void {
    this.held.clear()
  }

  written(claims: number, now: number): void {
    if (this.rests(now)) return
    this.budget += claims
    if (this.budget < stride || this.sweeping) return
    this.budget = 0
    this.sweeping = true
    this.sweep(now).then(
      () => {
        this.sweeping = false
      },
      // A failed read is nobody's loss: the next stride tries again.
      () => {
        this.sweeping = false
      },
    )
  }

  /** Not beyond a day, however far ahead the clock once was. */
  private rests(now: number): boolean {
    return now < this.restUntil && this.restUntil - now <= claimTtlMs
  }

  private async sweep(now: number): Promise<void> {
    const all = under('k!')
    const range: KeyRange = this.cursor === undefined ? all : { gt: this.cursor, lt: all.lt }
    if (this.cursor === undefined) this.oldest = now
    const rows = await this.engine.database.read({ ...range, limit: 2 * stride })
    for (const [key, value] of rows) {
      const claim = decodeClaim(value)
      if (isExpired(claim, now)) this.remove(key, value)
      else this.oldest = Math.min(this.oldest, claim.claimed)
    }
    this.cursor = rows.length < 2 * stride ? undefined : rows.at(-1)?.[0]
    if (this.cursor === undefined)
      this.restUntil = Math.max(this.oldest + claimTtlMs, now + minRestMs)
  }

  /** In one turn, so that nobody can claim the id anew between the look and the delete. */
  private remove(key: string, value: string): void {
    const [, log = '', user = ''] = key.split('!')
    const slot = this.held.get(log)
    const name = Buffer.from(user, 'base64url').toString()
    if (slot !== undefined && (slot.queue !== undefined || slot.books === 'all')) return
    if (slot?.channel?.claims.has(name)) return
    if (this.engine.isOpen && this.engine.database.getSync(key) === value)
      this.engine.writing().del(key)
  }
}
