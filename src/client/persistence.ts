import { SessionGone } from './csp-requests.ts'
import type { LinkEnd } from './transport.ts'

const firstWaitMs = 200

/** Repeats a request until it succeeds, the session is gone, or too many tries have failed. */
export class Persistence {
  /** What the last failure says about the link. */
  end: LinkEnd = 'ConnectionTimeout'
  isStopped = false
  /** Of one request, before the link counts as lost; the waits between them double. */
  maxTries = 4
  #tries = 0
  #controller: AbortController | undefined

  /** `attempt` is broken off after `timeoutMs`, unless it moves its deadline with `extend`. Rejects when given up. */
  async run(timeoutMs: number, attempt: (signal: AbortSignal) => Promise<void>): Promise<void> {
    while (!this.isStopped) {
      try {
        await this.#try(timeoutMs, attempt)
        this.#tries = 0
        return
      } catch (error) {
        if (this.isStopped) return
        await this.#failed(error)
      }
    }
  }

  /** The attempt under way shows life: it may take so long again. */
  extend: (timeoutMs: number) => void = nothing

  stop(): void {
    this.isStopped = true
    this.#controller?.abort()
  }

  /** Something came through: the next failure is a first one. */
  alive(): void {
    this.#tries = 0
  }

  async #try(timeoutMs: number, attempt: (signal: AbortSignal) => Promise<void>): Promise<void> {
    const controller = new AbortController()
    this.#controller = controller
    let timer = setTimeout(() => controller.abort(), timeoutMs)
    this.extend = (ms) => {
      clearTimeout(timer)
      timer = setTimeout(() => controller.abort(), ms)
    }
    try {
      await attempt(controller.signal)
    } finally {
      this.extend = nothing
      clearTimeout(timer)
    }
  }

  async #failed(error: unknown): Promise<void> {
    this.#tries += 1
    if (error instanceof SessionGone) this.end = 'closed'
    else this.end = error instanceof TypeError ? 'ServerUnreachable' : 'ConnectionTimeout'
    if (error instanceof SessionGone || this.#tries >= this.maxTries) throw error
    const waitMs = firstWaitMs * 2 ** (this.#tries - 1)
    await new Promise((resolve) => setTimeout(resolve, waitMs))
  }
}

function nothing(): void {
  // nothing is under way
}
