import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { cspPoll, cspStream } from './csp.ts'
import type { TransportLink } from './transport.ts'

/** One request of the client that the test answers as it likes. */
interface Request {
  readonly path: string
  readonly query: URLSearchParams
  readonly body: string
  readonly credentials: string | undefined
  readonly signal: AbortSignal
  answer(text: string, status?: number): void
  stream(): { write(text: string): void; end(): void; cut(): void }
  fail(): void
}

let requests: Request[] = []

beforeEach(() => {
  vi.useFakeTimers()
  requests = []
  vi.stubGlobal('fetch', fakeFetch)
})

afterEach(() => {
  vi.unstubAllGlobals()
  vi.useRealTimers()
})

function fakeFetch(address: string, init: RequestInit): Promise<Response> {
  const { pathname, searchParams } = new URL(address)
  return new Promise((resolve, reject) => {
    const signal = init.signal ?? new AbortController().signal
    signal.addEventListener('abort', () => reject(new DOMException('aborted', 'AbortError')))
    requests.push({
      path: pathname,
      query: searchParams,
      body: String(init.body ?? ''),
      credentials: init.credentials,
      signal,
      answer: (text, status = 200) => resolve(new Response(text, { status })),
      fail: () => reject(new TypeError('fetch failed')),
      stream() {
        const { readable, writable } = new TransformStream<Uint8Array, Uint8Array>()
        const writer = writable.getWriter()
        resolve(new Response(readable))
        signal.addEventListener('abort', () => done(writer.abort(new TypeError('aborted'))))
        const done = (promise: Promise<void>) => void promise.catch(() => {})
        return {
          write: (text) => done(writer.write(new TextEncoder().encode(text))),
          end: () => done(writer.close()),
          cut: () => done(writer.abort(new TypeError('network error'))),
        }
      },
    })
  })
}

async function pass(ms = 0): Promise<void> {
  await vi.advanceTimersByTimeAsync(ms)
}

/** The oldest request to that path that no test has taken. */
function next(path: string): Request {
  const index = requests.findIndex((request) => request.path === `/csp/${path}`)
  const [request] = index === -1 ? [] : requests.splice(index, 1)
  if (request === undefined) throw new Error(`no request to ${path}`)
  return request
}

function has(path: string): boolean {
  return requests.some((request) => request.path === `/csp/${path}`)
}

function open(transport = cspPoll) {
  const events = { opened: vi.fn(), received: vi.fn(), failed: vi.fn(), ended: vi.fn() }
  const link = transport.open('http://a.example', events)
  if (link === undefined) throw new Error('not possible here')
  return { link: link as TransportLink, ...events }
}

async function opened(transport = cspPoll) {
  const session = open(transport)
  next('handshake').answer('({"session":"KEY"})')
  await pass()
  return session
}

const batch = (...packets: unknown[]) => `(${JSON.stringify(packets)})\n`

test('shakes hands, holds a request, and acknowledges what came with the next one', async () => {
  const { received, opened: isOpen } = open()
  const { query, credentials, answer } = next('handshake')
  expect([query.get('du'), query.get('bs'), credentials]).toEqual(['25', '\n', 'include'])
  answer('({"session":"KEY"})')
  await pass()
  expect(isOpen).toHaveBeenCalledOnce()
  const first = next('comet')
  expect([first.query.get('s'), first.query.get('a')]).toEqual(['KEY', '0'])
  first.answer(batch([1, 0, 'a\r\n'], [2, 0, 'b']))
  await pass()
  expect(next('comet').query.get('a')).toBe('2')
  expect(received.mock.calls).toEqual([['a\r\n'], ['b']])
})

test('a server that forbids cookies to this page is asked without them', async () => {
  const { failed } = open()
  next('handshake').fail()
  await pass()
  const second = next('handshake')
  expect(second.credentials).toBe('same-origin')
  second.fail()
  await pass()
  expect(failed).toHaveBeenCalledOnce()
})

test('packets that come again are dropped, and a gap waits for the missing one', async () => {
  const { received } = await opened()
  next('comet').answer(batch([1, 0, 'a'], [3, 0, 'c']))
  await pass()
  const second = next('comet')
  expect(second.query.get('a')).toBe('1')
  second.answer(batch([1, 0, 'a'], [2, 0, 'b'], [3, 0, 'c']))
  await pass()
  expect(received.mock.calls).toEqual([['a'], ['b'], ['c']])
})

test('a stream opens with its first bytes; what was cut in half comes again', async () => {
  const { received, opened: isOpen } = await opened(cspStream)
  const request = next('comet')
  const stream = request.stream()
  await pass()
  expect(isOpen).not.toHaveBeenCalled()
  stream.write('    ')
  await pass()
  expect(isOpen).toHaveBeenCalledOnce()
  stream.write(batch([1, 0, 'a']) + batch([2, 0, 'é']).slice(0, 6))
  await pass()
  stream.cut()
  await pass(200)
  const again = next('comet')
  expect(again.query.get('a')).toBe('1')
  const second = again.stream()
  const bytes = batch([2, 0, 'é'])
  second.write(bytes.slice(0, 3))
  second.write(bytes.slice(3))
  second.end()
  await pass()
  expect(received.mock.calls).toEqual([['a'], ['é']])
  expect(next('comet').query.get('a')).toBe('2')
})

test('a proxy that holds a stream back is found out: another transport is better', async () => {
  const { failed } = await opened(cspStream)
  next('comet').stream()
  await pass(5000)
  expect(failed).toHaveBeenCalledOnce()
})

test('what is sent goes in order, gathered while a request is under way, again under its id', async () => {
  const { link } = await opened()
  link.send('a\r\n')
  link.send('b\r\n')
  await pass()
  const first = next('send')
  expect(JSON.parse(first.body)).toEqual([[1, 0, 'a\r\nb\r\n']])
  link.send('c\r\n')
  link.send('d\r\n')
  await pass()
  expect(has('send')).toBe(false)
  first.fail()
  await pass(200)
  const again = next('send')
  expect(again.body).toBe(first.body)
  again.answer('"OK"')
  await pass()
  expect(JSON.parse(next('send').body)).toEqual([[2, 0, 'c\r\nd\r\n']])
})

test('large frames go in packets of their own', async () => {
  const { link } = await opened()
  const frame = 'x'.repeat(30_000)
  for (let i = 0; i < 3; i += 1) link.send(frame)
  for (let id = 1; id <= 3; id += 1) {
    await pass()
    const request = next('send')
    expect(JSON.parse(request.body)).toEqual([[id, 0, frame]])
    request.answer('"OK"')
  }
})

test('close sends what waits, then its own closing packet, and says closed', async () => {
  const { link, ended } = await opened()
  link.send('last words')
  link.close()
  link.send('too late')
  await pass()
  next('send').answer('"OK"')
  await pass()
  const closing = next('send')
  expect(JSON.parse(closing.body)).toEqual([[2, 0, null]])
  expect(ended).not.toHaveBeenCalled()
  closing.answer('"OK"')
  await pass()
  expect(ended).toHaveBeenCalledExactlyOnceWith('closed')
})

test("the server's closing packet ends the link in good order", async () => {
  const { ended, received } = await opened()
  next('comet').answer(batch([1, 0, 'bye'], [2, 0, null]))
  await pass()
  expect(received).toHaveBeenCalledWith('bye')
  expect(ended).toHaveBeenCalledExactlyOnceWith('closed')
  await pass(60_000)
  expect(has('comet')).toBe(false)
})

test('a session that is gone is a closed one; there is no second try', async () => {
  const { ended } = await opened()
  next('comet').answer("'Session not found'", 404)
  await pass()
  expect(ended).toHaveBeenCalledExactlyOnceWith('closed')
})

test.each([
  ['comet', 'fail', 'ServerUnreachable'],
  ['send', 'fail', 'ServerUnreachable'],
  ['comet', '503', 'ConnectionTimeout'],
] as const)('a %s request that keeps failing (%s) ends the link as %s', async (path, how, end) => {
  const { link, ended } = await opened()
  if (path === 'send') link.send('a')
  for (let i = 0; i < 4; i += 1) {
    await pass(200 * 2 ** i)
    const request = next(path)
    if (how === 'fail') request.fail()
    else request.answer('busy', 503)
  }
  await pass()
  expect(ended).toHaveBeenCalledExactlyOnceWith(end)
})

test('a held request that is never answered is broken off and made again', async () => {
  await opened()
  const held = next('comet')
  await pass(35_000)
  expect(held.signal.aborted).toBe(true)
  await pass(200)
  expect(has('comet')).toBe(true)
})

test('an answer that is no batch harms nothing', async () => {
  const { received } = await opened()
  next('comet').answer('<html>a portal wants a password')
  await pass(200)
  next('comet').answer(batch([1, 0, 'a']))
  await pass()
  expect(received).toHaveBeenCalledWith('a')
})

test('a handshake that is given up is broken off and calls nobody', async () => {
  const { link, failed, ended } = open()
  const handshake = next('handshake')
  link.close()
  await pass()
  expect(handshake.signal.aborted).toBe(true)
  expect([failed.mock.calls, ended.mock.calls]).toEqual([[], []])
})

test('without fetch there is no comet', () => {
  vi.stubGlobal('fetch', undefined)
  expect(cspPoll.open('http://a.example', {} as never)).toBeUndefined()
})
