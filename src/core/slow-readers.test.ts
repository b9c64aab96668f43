import { beforeEach, describe, expect, it } from 'vitest'
import { type CountingClock, createCountingClock, FakeLink } from '../../test/helpers/core-world.ts'
import { configOf } from '../config/config-of.ts'
import { hookboxProtocol } from '../protocols/hookbox/protocol.ts'
import { Connection } from './connection.ts'
import { SlowReaders } from './slow-readers.ts'

const settings = { ...configOf({}), maxWaitingBytes: 1000, stalledTimeoutMs: 20_000 }

let clock: CountingClock
let limits: string[]
let readers: SlowReaders

beforeEach(() => {
  clock = createCountingClock()
  limits = []
  readers = new SlowReaders(clock, settings, (_connection, limit) => limits.push(limit))
})

function createReader() {
  const link = new FakeLink()
  const connection = new Connection({
    id: 'c',
    link,
    protocol: hookboxProtocol,
    session: hookboxProtocol.open({ maxFrameBytes: 1000 }),
    origin: { transport: 'fake', address: '' },
    pressure: readers,
  })
  const { write: take } = link
  let waiting = 0
  link.write = (encoded) => {
    take.call(link, encoded)
    link.pendingBytes = waiting
  }
  /** Writes a frame, after which so many bytes wait. */
  const write = (pendingBytes: number) => {
    waiting = pendingBytes
    connection.flush([{ text: '[1,"X",{}]\r\n' }])
  }
  return { link, connection, write }
}

describe('SlowReaders', () => {
  it('end a link at once where too many bytes wait', () => {
    const { write } = createReader()
    write(1000)
    expect(limits).toEqual([])
    write(1001)
    expect(limits).toEqual(['max-waiting-bytes'])
  })

  it('do not hold a snapshot against its reader, until it has been taken', async () => {
    const { link, connection, write } = createReader()
    connection.allowedBytes = 5000
    link.pendingBytes = 5000
    write(6000)
    expect(limits).toEqual([])
    link.pendingBytes = 0
    await clock.advance(2000)
    write(1001)
    expect(limits).toEqual(['max-waiting-bytes'])
  })

  it('forget the allowance of a snapshot that was taken at once', () => {
    const { connection, write } = createReader()
    connection.snapshotBytes = 50_000
    write(0)
    write(1001)
    expect(limits).toEqual(['max-waiting-bytes'])
  })

  it('allow for the snapshots of a turn, and for what waited of those before', () => {
    const { link, connection, write } = createReader()
    connection.snapshotBytes = 5000
    write(5000)
    connection.snapshotBytes = 2000
    write(7500)
    expect(limits).toEqual([])
    link.pendingBytes = 7500
    write(8001)
    expect(limits).toEqual(['max-waiting-bytes'])
  })

  it('end a link that takes no byte for too long', async () => {
    const { write } = createReader()
    write(10)
    await clock.advance(20_000)
    expect(limits).toEqual([])
    await clock.advance(2000)
    expect(limits).toEqual(['stalled-timeout'])
  })

  it('end a link that takes nothing while more is written', async () => {
    const { write } = createReader()
    for (let bytes = 10; bytes < 40; bytes += 1) {
      write(bytes)
      await clock.advance(1000)
    }
    expect(limits).toEqual(['stalled-timeout'])
  })

  it('leave a link alone that takes a byte now and then', async () => {
    const { link, write } = createReader()
    write(10)
    for (let bytes = 9; bytes > 0; bytes -= 1) {
      await clock.advance(15_000)
      link.pendingBytes = bytes
    }
    expect(limits).toEqual([])
  })

  it('leave a reader alone that never catches up but goes on taking', async () => {
    const { link, write } = createReader()
    write(100)
    for (let second = 0; second < 60; second += 1) {
      link.pendingBytes = 50
      write(200)
      await clock.advance(1000)
    }
    expect(limits).toEqual([])
  })

  it('forget a link that has ended', async () => {
    const { connection, write } = createReader()
    write(10)
    readers.forget(connection)
    await clock.advance(60_000)
    expect(limits).toEqual([])
  })

  it('cost one timer for all, and none where nobody is behind', async () => {
    for (let i = 0; i < 100; i += 1) createReader().write(0)
    expect(clock.timers).toBe(0)
    const behind = Array.from({ length: 100 }, createReader)
    for (const { write } of behind) write(10)
    expect(clock.timers).toBe(1)
    for (const { link } of behind) link.pendingBytes = 0
    await clock.advance(10_000)
    expect(clock.timers).toBe(1)
  })
})
