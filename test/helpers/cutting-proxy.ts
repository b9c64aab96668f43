import { type AddressInfo, connect, createServer, type Socket } from 'node:net'
import { seeded } from './seeded.ts'

/** A proxy that dies in the middle of answers, over and over. */
export interface CuttingProxy {
  readonly url: string
  /** How many links were cut so far. */
  readonly cuts: number
  /** From now on links are cut after so many bytes of answers, at random below `maxBytes`. */
  cutWithin(maxBytes: number): void
  close(): Promise<void>
}

/** Starts a TCP proxy to a port of 127.0.0.1 that cuts nothing yet. */
export async function startCuttingProxy(port: number, seed: number): Promise<CuttingProxy> {
  const random = seeded(seed)
  const sockets = new Set<Socket>()
  let maxBytes = Number.POSITIVE_INFINITY
  let cuts = 0
  const server = createServer((browser) => {
    const upstream = connect(port, '127.0.0.1')
    let left = maxBytes * random()
    for (const socket of [browser, upstream]) {
      sockets.add(socket)
      socket.on('error', () => {})
      socket.on('close', () => {
        sockets.delete(socket)
        browser.destroy()
        upstream.destroy()
      })
    }
    browser.on('data', (chunk) => upstream.write(chunk))
    upstream.on('data', (chunk) => {
      if (chunk.length < left) {
        left -= chunk.length
        browser.write(chunk)
        return
      }
      cuts += 1
      browser.end(chunk.subarray(0, left))
      upstream.destroy()
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    get cuts() {
      return cuts
    },
    cutWithin(bytes) {
      maxBytes = bytes
      for (const socket of sockets) socket.destroy()
    },
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve())
        for (const socket of sockets) socket.destroy()
      }),
  }
}
