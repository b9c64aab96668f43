import type { Server } from 'node:net'

/** Listens on a free port of loopback, and says which on standard output. */
export function listen(server: Server): void {
  server.listen(0, '127.0.0.1', 2048, () => {
    const address = server.address()
    if (address === null || typeof address === 'string') throw new Error('no port')
    process.stdout.write(`listening ${address.port}\n`)
  })
}
