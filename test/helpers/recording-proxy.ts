import { type AddressInfo, connect, createServer, type Socket } from 'node:net'

/** A proxy that keeps every byte that the server behind it sends. */
export interface RecordingProxy {
  readonly url: string
  /** All that was sent so far, link after link. */
  readonly sent: Buffer
  close(): Promise<void>
}

/** Starts a TCP proxy to a port of 127.0.0.1. */
export async function startRecordingProxy(port: number): Promise<RecordingProxy> {
  const links: Buffer[][] = []
  const sockets = new Set<Socket>()
  const server = createServer((browser) => {
    const upstream = connect(port, '127.0.0.1')
    const chunks: Buffer[] = []
    links.push(chunks)
    for (const socket of [browser, upstream]) {
      sockets.add(socket)
      socket.on('error', () => {})
      socket.on('close', () => {
        sockets.delete(socket)
        browser.destroy()
        upstream.destroy()
      })
    }
    upstream.on('data', (chunk) => chunks.push(chunk))
    browser.pipe(upstream).pipe(browser)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    get sent() {
      return Buffer.concat(links.flat())
    },
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve())
        for (const socket of sockets) socket.destroy()
      }),
  }
}
