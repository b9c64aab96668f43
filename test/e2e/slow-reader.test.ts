import { expect, it } from 'vitest'
import { WebSocket } from 'ws'
import { describeWorlds, oneKind } from '../helpers/world.ts'

const readers = 100
const publishes = 150
const payload = 'x'.repeat(60_000)

/** A link that only counts: a hundred of them must not be what the test measures. */
class CountingReader {
  readonly socket: WebSocket
  readonly closed: Promise<number>
  received = 0
  #subscribed = () => {}
  #onReceived = () => {}

  constructor(url: string, name: string) {
    this.socket = new WebSocket(`${url.replace(/^http/, 'ws')}/ws`)
    this.closed = new Promise((resolve) => this.socket.on('close', resolve))
    this.socket.on('error', () => {})
    this.socket.on('message', (data: Buffer) => {
      if (data.length > payload.length) {
        this.received += 1
        this.#onReceived()
      } else if (data.includes('"history"')) this.#subscribed()
    })
    this.socket.on('open', () => {
      const connect = { cookie_string: `user=${name}`, payload: 'null' }
      this.socket.send(`${JSON.stringify([1, 'CONNECT', connect])}\r\n`)
      this.socket.send(`${JSON.stringify([2, 'SUBSCRIBE', { channel_name: 'room' }])}\r\n`)
    })
  }

  ready(): Promise<void> {
    return new Promise((resolve) => {
      this.#subscribed = resolve
    })
  }

  until(count: number): Promise<void> {
    return new Promise((resolve) => {
      this.#onReceived = () => {
        if (this.received >= count) resolve()
      }
      this.#onReceived()
    })
  }
}

/** What all sockets of this process, the server's among them, hold for readers that have not taken it. */
function waitingBytes(): number {
  const { _getActiveHandles: handles } = process as unknown as {
    _getActiveHandles(): { writableLength?: number }[]
  }
  return handles().reduce((sum, { writableLength = 0 }) => sum + writableLength, 0)
}

describeWorlds('one reader that stands still among a hundred (G6)', oneKind, (start) => {
  it('is let go; the others get each message before the next is sent, and memory stays flat', async () => {
    const world = await start()
    await world.rest.create('room', { moderated: false })
    const url = world.nodes[0]?.url ?? ''
    const all = Array.from({ length: readers }, (_, n) => new CountingReader(url, `user${n}`))
    await Promise.all(all.map((reader) => reader.ready()))
    const [still, ...others] = all
    still?.socket.pause()
    let mostWaiting = 0
    for (let n = 1; n <= publishes; n += 1) {
      await world.rest.publish('room', payload)
      await Promise.all(others.map((reader) => reader.until(n)))
      mostWaiting = Math.max(mostWaiting, waitingBytes())
    }
    // 9 MB were meant for the one who stands still; 1 MiB may wait for it, and what comes in one turn.
    expect(mostWaiting).toBeGreaterThan(0)
    expect(mostWaiting).toBeLessThan(2 ** 20 + 2 * payload.length)
    await world.app.next('disconnect')
    expect(others.map((reader) => reader.received)).toEqual(others.map(() => publishes))
    still?.socket.resume()
    await still?.closed
    for (const reader of others) reader.socket.terminate()
  })
})
