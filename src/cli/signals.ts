import { exitCodes } from './exit-codes.ts'

/** The signals that end Offhook. */
const endSignals = ['SIGTERM', 'SIGINT'] as const

/** Resolves at the first signal to end. A second one ends the process at once. */
export function endSignal(): Promise<NodeJS.Signals> {
  return new Promise((resolve) => {
    let isEnding = false
    for (const signal of endSignals) {
      process.on(signal, () => {
        if (isEnding) process.exit(exitCodes.failure)
        isEnding = true
        resolve(signal)
      })
    }
  })
}
