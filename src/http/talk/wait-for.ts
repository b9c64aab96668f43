import type { Socket } from 'node:net'
import { Refusal } from '../../core/errors.ts'
import type { Clock } from '../../core/ports.ts'

/**
 * Waits for work on behalf of a link that nobody else listens to: `gone` where the link ends first. Throws what the work
 * throws, and Refusal `connect_timeout` where it takes too long. Leaves nothing on the link.
 */
export async function waitFor<Result>(
  work: Promise<Result>,
  socket: Socket,
  limit: { readonly clock: Clock; readonly timeoutMs: number },
): Promise<Result | 'gone'> {
  let stop = (): void => {}
  const ended = new Promise<'gone'>((resolve, reject) => {
    const gone = (): void => {
      socket.destroy()
      resolve('gone')
    }
    const cancel = limit.clock.after(limit.timeoutMs, () => reject(new Refusal('connect_timeout')))
    // Without a listener an error of the link would end the process.
    for (const event of ['error', 'end', 'close']) socket.on(event, gone)
    stop = () => {
      cancel()
      for (const event of ['error', 'end', 'close']) socket.off(event, gone)
    }
  })
  try {
    return await Promise.race([work, ended])
  } finally {
    stop()
  }
}
