import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { Link, openTimeoutMs } from './link.ts'
import type { LinkEvents, Transport } from './transport.ts'

beforeEach(() => vi.useFakeTimers())
afterEach(() => vi.useRealTimers())

function fakeTransport(name: string) {
  const opened: LinkEvents[] = []
  const close = vi.fn()
  const send = vi.fn()
  const transport: Transport = {
    name,
    open: (_base, events) => {
      opened.push(events)
      return { send, close }
    },
  }
  return { transport, opened, close, send }
}

const missing: Transport = { name: 'missing', open: () => undefined }

function fakeListener() {
  return { opened: vi.fn(), received: vi.fn(), ended: vi.fn(), neverOpened: vi.fn() }
}

test('a transport that the browser lacks hands over to the next', () => {
  const next = fakeTransport('next')
  const listener = fakeListener()
  new Link({ base: 'http://a', transports: [missing, next.transport] }, listener)
  next.opened[0]?.opened()
  expect(listener.opened).toHaveBeenCalledOnce()
})

test('a transport that fails before it has opened hands over to the next', () => {
  const [first, second] = [fakeTransport('first'), fakeTransport('second')]
  const listener = fakeListener()
  const transports = [first.transport, second.transport]
  const link = new Link({ base: 'http://a', transports }, listener)
  first.opened[0]?.failed()
  second.opened[0]?.opened()
  link.send('x')
  expect(second.send).toHaveBeenCalledWith('x')
  expect(listener.neverOpened).not.toHaveBeenCalled()
})

test('a transport that hangs is given up while there is another, and can no longer speak', () => {
  const [first, second] = [fakeTransport('first'), fakeTransport('second')]
  const listener = fakeListener()
  new Link({ base: 'http://a', transports: [first.transport, second.transport] }, listener)
  vi.advanceTimersByTime(openTimeoutMs)
  expect(first.close).toHaveBeenCalledOnce()
  first.opened[0]?.opened()
  first.opened[0]?.received('late')
  first.opened[0]?.failed()
  expect(second.opened).toHaveLength(1)
  expect(listener.opened).not.toHaveBeenCalled()
  expect(listener.received).not.toHaveBeenCalled()
})

test('the last transport may take its time, and an open link is not given up', () => {
  const [first, second] = [fakeTransport('first'), fakeTransport('second')]
  const transports = [first.transport, second.transport]
  const listener = fakeListener()
  new Link({ base: 'http://a', transports }, listener)
  first.opened[0]?.opened()
  vi.advanceTimersByTime(10 * openTimeoutMs)
  expect(second.opened).toHaveLength(0)
  new Link({ base: 'http://a', transports: [second.transport] }, listener)
  vi.advanceTimersByTime(10 * openTimeoutMs)
  expect(second.close).not.toHaveBeenCalled()
})

test('a link that no transport could open says so and nothing else', () => {
  const first = fakeTransport('first')
  const listener = fakeListener()
  new Link({ base: 'http://a', transports: [first.transport] }, listener)
  first.opened[0]?.failed()
  expect(listener.neverOpened).toHaveBeenCalledOnce()
  expect(listener.ended).not.toHaveBeenCalled()
})

test('an open link that ends does not try the next transport', () => {
  const [first, second] = [fakeTransport('first'), fakeTransport('second')]
  const listener = fakeListener()
  new Link({ base: 'http://a', transports: [first.transport, second.transport] }, listener)
  first.opened[0]?.opened()
  first.opened[0]?.ended('ConnectionTimeout')
  expect(listener.ended).toHaveBeenCalledExactlyOnceWith('ConnectionTimeout')
  expect(second.opened).toHaveLength(0)
})

test('a link closed while opening tries nothing more', () => {
  const [first, second] = [fakeTransport('first'), fakeTransport('second')]
  const listener = fakeListener()
  const transports = [first.transport, second.transport]
  const link = new Link({ base: 'http://a', transports }, listener)
  link.close()
  first.opened[0]?.failed()
  vi.advanceTimersByTime(openTimeoutMs)
  expect(second.opened).toHaveLength(0)
  expect(listener.neverOpened).not.toHaveBeenCalled()
})
