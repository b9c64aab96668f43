import { setTimeout as sleep } from 'node:timers/promises'

const settleMs = 10_000
const pollMs = 5

/** Resolves when `isDone`. Rejects with what `describe` says if that takes too long. */
export async function settled(isDone: () => boolean, describe: () => string): Promise<void> {
  const until = performance.now() + settleMs
  while (!isDone()) {
    if (performance.now() > until) throw new Error(`answers are missing: ${describe()}`)
    await sleep(pollMs)
  }
}
