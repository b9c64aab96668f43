import { once } from 'node:events'
import { type AddressInfo, connect, createServer, type Socket } from 'node:net'

/** A network between browser and server that a test can break. */
export interface TcpProxy {
  readonly url: string
  /** Breaks all links; new ones work. */
  cut(): void
  /** From now on links are broken as soon as they are made, and those there are too. */
  down(): void
  up(): void
  /** A laptop's lid is closed: no byte passes and nobody is told, also on links that are made now. */
  freeze(): void
  /** What was frozen stays dead: whoever uses it is told so, as by a router that has forgotten it. New ones work. */
  thaw(): void
  /** Breaks links that ask for a WebSocket, as old proxies do. */
  blockUpgrades(): void
  allowUpgrades(): void
  close(): Promise<void>
}

/** Stands in front of the server at `target`. */
export async function startTcpProxy(target: string): Promise<TcpProxy> {
  const { hostname, port } = new URL(target)
  const links = new Set<readonly [browser: Socket, server: Socket | undefined]>()
  const frozen = new Set<readonly [browser: Socket, server: Socket | undefined]>()
  let blocksUpgrades = false
  let mode: 'pass' | 'down' | 'frozen' = 'pass'

  const listener = createServer((browser) => {
    browser.on('error', () => {})
    if (mode === 'down') {
      browser.destroy()
      return
    }
    const server = mode === 'frozen' ? undefined : connect(Number(port), hostname)
    const link = [browser, server] as const
    links.add(link)
    if (mode === 'frozen') frozen.add(link)
    const end = () => {
      browser.destroy()
      server?.destroy()
      links.delete(link)
    }
    browser.on('close', end)
    if (server === undefined) return
    server.on('error', () => {})
    server.on('close', end)
    browser.on('data', (chunk: Buffer) => {
      if (blocksUpgrades && /^upgrade: websocket/im.test(chunk.toString('latin1'))) end()
    })
    browser.pipe(server)
    server.pipe(browser)
  })
  listener.listen(0, '127.0.0.1')
  await once(listener, 'listening')

  function cut(): void {
    for (const [browser, server] of [...links]) {
      browser.destroy()
      server?.destroy()
    }
  }

  return {
    url: `http://127.0.0.1:${(listener.address() as AddressInfo).port}`,
    cut,
    down() {
      mode = 'down'
      cut()
    },
    up() {
      mode = 'pass'
    },
    freeze() {
      mode = 'frozen'
      for (const link of links) {
        const [browser, server] = link
        frozen.add(link)
        if (server === undefined) continue
        browser.removeAllListeners('data')
        browser.unpipe(server)
        server.unpipe(browser)
        browser.pause()
        server.pause()
      }
    },
    thaw() {
      mode = 'pass'
      for (const [browser] of frozen) {
        browser.on('data', () => browser.resetAndDestroy())
        browser.resume()
      }
      frozen.clear()
    },
    blockUpgrades() {
      blocksUpgrades = true
      cut()
    },
    allowUpgrades() {
      blocksUpgrades = false
    },
    async close() {
      cut()
      listener.close()
      await once(listener, 'close')
    },
  }
}
