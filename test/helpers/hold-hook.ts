import type { GateName } from '../../src/core/ports.ts'
import type { FakeApp } from './core-world.ts'

/** A hook whose answers wait. */
interface HeldHook {
  /** Lets the oldest waiting answer go. */
  release(): void
  /** How often it was asked since. */
  count: number
}

/** Lets a hook's answers wait, each until it is released. */
export function holdHook(app: FakeApp, hook: GateName): HeldHook {
  const waiting: (() => void)[] = []
  const answer = app.answers.get(hook)
  const held = {
    count: 0,
    release: () => waiting.shift()?.(),
  }
  app.answers.set(hook, async (gate) => {
    held.count += 1
    await new Promise<void>((resolve) => waiting.push(resolve))
    return (await answer?.(gate)) ?? [true, {}]
  })
  return held
}
