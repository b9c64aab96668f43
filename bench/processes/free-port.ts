import { once } from 'node:events'
import { connect, createServer } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'

const host = '127.0.0.1'
const pollMs = 2
const maxPolls = 10_000

/** A port of loopback that nobody listens on, for servers that cannot be asked to take any. */
export async function freePort(): Promise<number> {
  const server = createServer().listen(0, host)
  await once(server, 'listening')
  const address = server.address()
  server.close()
  await once(server, 'close')
  if (address === null || typeof address === 'string') throw new Error('no port')
  return address.port
}

/** Resolves with `port` as soon as somebody listens on it. */
export async function listening(port: number): Promise<number> {
  for (let polls = 0; polls < maxPolls; polls += 1) {
    if (await accepts(port)) return port
    await sleep(pollMs)
  }
  throw new Error(`nobody listens on port ${port}`)
}

function accepts(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, host)
    const answer = (accepted: boolean) => {
      socket.destroy()
      resolve(accepted)
    }
    socket.once('connect', () => answer(true))
    socket.once('error', () => answer(false))
  })
}
