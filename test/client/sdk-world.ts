import { afterEach } from 'vitest'
import {
  type Channel,
  type ChannelTypes,
  type ConnectOptions,
  connect,
  type Entry,
  type Offhook,
} from '../../src/client/index.ts'
import {
  describeWorlds,
  reliableKinds,
  type World,
  type WorldKind,
  type WorldOptions,
} from '../helpers/world.ts'
import { startTcpProxy, type TcpProxy } from './tcp-proxy.ts'

/** A world with SDK clients in this process. */
export interface SdkWorld {
  readonly world: World
  /** The network in front of the first node: clients go through it. */
  readonly network: TcpProxy
  /** A client of that user; closed after the test. */
  client<Types extends ChannelTypes = Record<string, unknown>>(
    user: string,
    options?: ConnectOptions & { readonly url?: string },
  ): Offhook<Types>
}

/** Waits that are short enough for tests. */
const quick: ConnectOptions = { minReconnectMs: 20, maxReconnectMs: 200 }

/** Runs scenarios of SDK clients on worlds of their own. */
export function describeSdk(
  title: string,
  define: (start: (options?: WorldOptions) => Promise<SdkWorld>) => void,
  kinds: readonly WorldKind[] = reliableKinds.slice(0, 1),
): void {
  describeWorlds(title, kinds, (start) => {
    const clients: { close(): void }[] = []
    const networks: TcpProxy[] = []
    afterEach(async () => {
      for (const client of clients.splice(0)) client.close()
      await Promise.all(networks.splice(0).map((network) => network.close()))
    })
    define(async (options) => {
      const world = await start(options)
      const network = await startTcpProxy(world.nodes[0]?.url ?? '')
      networks.push(network)
      return {
        world,
        network,
        client(user, given = {}) {
          const { url = network.url, ...rest } = given
          const client = connect(url, { cookieString: `user=${user}`, ...quick, ...rest })
          clients.push(client)
          return client as never
        },
      }
    })
  })
}

/** Resolves when the client is in that state. */
export function inState(client: Offhook, state: Offhook['state']): Promise<void> {
  return new Promise((resolve) => {
    if (client.state === state) {
      resolve()
      return
    }
    const off = client.on('state', (status) => {
      if (status.state !== state) return
      off()
      resolve()
    })
  })
}

/** Resolves with the first entry of that payload. */
export function untilEntry(channel: Channel, payload: unknown): Promise<Entry> {
  return new Promise((resolve) => {
    const off = channel.on('entry', (entry) => {
      if (entry.payload !== payload) return
      off()
      resolve(entry)
    })
  })
}
