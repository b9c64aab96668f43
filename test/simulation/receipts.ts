import type { Args } from './channel-view.ts'
import type { Judge } from './judge.ts'
import type { Ledger } from './ledger.ts'
import type { Plan } from './plan.ts'

/** A publish that was acknowledged. */
interface Receipt {
  readonly args: Args
  readonly result: Args
}

/** Holds acknowledgements against the ledger: durable before told (G1), one entry per id, one first answer (G4). */
export class Receipts {
  readonly #ledger: Ledger
  readonly #judge: Judge
  readonly #plan: Plan
  readonly #first = new Set<string>()
  count = 0

  constructor(parts: { ledger: Ledger; judge: Judge; plan: Plan }) {
    this.#ledger = parts.ledger
    this.#judge = parts.judge
    this.#plan = parts.plan
  }

  note(who: string, { args, result }: Receipt): void {
    const channel = args['channel_name'] as string
    const payload = JSON.stringify(args['payload'])
    const { epoch, offset, duplicate } = result
    this.count += 1
    if (typeof epoch !== 'string' || typeof offset !== 'number') {
      this.#checkPassing(who, channel, payload)
      return
    }
    const entry = this.#ledger.life(channel, epoch)?.entries[offset - 1]
    if (entry?.content !== payload) {
      const place = `${epoch} ${offset}`
      this.#judge.violated('G1', `${who} is told that ${payload} stands at ${place} in ${channel}`)
    }
    if (typeof args['id'] !== 'string' || duplicate === true) return
    const key = `${channel} ${epoch} ${args['id']}`
    if (this.#first.has(key)) {
      this.#judge.violated('G4', `${who} is told twice that ${payload} is new in ${channel}`)
    }
    this.#first.add(key)
  }

  #checkPassing(who: string, channel: string, payload: string): void {
    const plan = this.#plan.channels.find((each) => each.name === channel)
    if (plan === undefined || plan.changes.length > 0 || plan.options['history_size'] === 0) return
    this.#judge.violated('G1', `${who} is told of ${payload} in ${channel} without its position`)
  }
}
