import type { Core } from './core.ts'

/** Whose frames are counted. */
export interface Rated {
  /** A new second has begun: what waited may go on. */
  refilled(): void
}

/** Frames of one connection per second (`--max-frames-per-second`); above it the rest waits for the next second. */
export class FrameRate {
  readonly #core: Core
  readonly #rated: Rated
  #second = 0
  #spent = 0
  #isWaiting = false

  constructor(core: Core, rated: Rated) {
    this.#core = core
    this.#rated = rated
  }

  spend(frames: number): void {
    const second = Math.floor(this.#core.clock.now() / 1000)
    if (second !== this.#second) {
      this.#second = second
      this.#spent = 0
    }
    this.#spent += frames
  }

  /** True until the next second begins; `refilled` is called then. */
  get isSpent(): boolean {
    const { clock, settings, telemetry } = this.#core
    if (this.#spent < settings.maxFramesPerSecond) return false
    const now = clock.now()
    if (Math.floor(now / 1000) !== this.#second) return false
    if (this.#isWaiting) return true
    this.#isWaiting = true
    telemetry.limit('max-frames-per-second')
    clock.after(1000 - (now % 1000), () => {
      this.#isWaiting = false
      this.#rated.refilled()
    })
    return true
  }
}
