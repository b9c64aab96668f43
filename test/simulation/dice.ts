import type { Random } from '../../src/core/ports.ts'
import { type Seeded, seeded } from '../helpers/seeded.ts'

/** Everything that is left to chance in a run. Each part of the world throws its own dice, forked from one seed. */
export class Dice implements Random {
  readonly #seed: number
  readonly float: Seeded

  constructor(seed: number) {
    this.#seed = seed
    this.float = seeded(seed)
  }

  /** Dice of their own for one part: what it throws does not change what others throw. */
  fork(label: string): Dice {
    let mixed = this.#seed ^ 0x9e3779b9
    for (let i = 0; i < label.length; i += 1) {
      mixed = Math.imul(mixed ^ label.charCodeAt(i), 0x85ebca6b)
      mixed ^= mixed >>> 13
    }
    return new Dice(mixed >>> 0)
  }

  chance(share: number): boolean {
    return this.float() < share
  }

  /** A whole number from `min` to `max`, both possible. */
  between(min: number, max: number): number {
    return min + Math.floor(this.float() * (max - min + 1))
  }

  pick<T>(items: readonly T[]): T {
    return items[Math.floor(this.float() * items.length)] as T
  }

  /** Mostly near `min`, now and then up to `max`: how long things take. */
  delay(min: number, max: number): number {
    const skewed = this.float() ** 4
    return Math.round(min + skewed * (max - min))
  }

  hex(count: number): string {
    let text = ''
    for (let i = 0; i < 2 * count; i += 1) text += Math.floor(this.float() * 16).toString(16)
    return text
  }
}
