// @vitest-environment happy-dom
import { act, createElement, StrictMode } from 'react'
import { createRoot, type Root } from 'react-dom/client'
import { renderToString } from 'react-dom/server'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import {
  type ChannelResult,
  OffhookProvider,
  useChannel,
  useConnectionState,
} from '../../src/client/react/index.ts'
import { FakeServer } from './fake-server.ts'

let server: FakeServer
let root: Root | undefined
const page = () => document.body.textContent ?? ''

beforeEach(() => {
  vi.useFakeTimers()
  vi.stubGlobal('IS_REACT_ACT_ENVIRONMENT', true)
  server = new FakeServer()
  vi.stubGlobal('WebSocket', server.WebSocket)
})

afterEach(async () => {
  await act(async () => root?.unmount())
  root = undefined
  document.body.replaceChildren()
  vi.unstubAllGlobals()
  vi.useRealTimers()
})

async function render(element: ReturnType<typeof createElement>): Promise<void> {
  root ??= createRoot(document.body.appendChild(document.createElement('div')))
  await happens(() => root?.render(element))
}

/** What the server does, and all that follows from it. */
async function happens(run: () => void): Promise<void> {
  await act(async () => {
    run()
    await vi.advanceTimersByTimeAsync(0)
  })
}

function Room({ name = 'room' }: { name?: string }) {
  last = useChannel<string>(name)
  functions.add(last.publish).add(last.loadOlder)
  const { entries, presence, state, status } = last
  const connection = useConnectionState()
  const texts = entries.map(({ payload }) => payload)
  return `${connection.state} ${status} [${texts}] [${presence}] [${[...state.keys()]}] `
}

let last: ChannelResult<string> | undefined
const functions = new Set<unknown>()

function app(...children: ReturnType<typeof createElement>[]) {
  const connect = () => server.connect()
  return createElement(StrictMode, null, createElement(OffhookProvider, { connect }, ...children))
}

test('a page rendered on a server connects to nothing and shows an empty channel', () => {
  const html = renderToString(app(createElement(Room)))
  expect(html).toContain('connecting idle [] [] []')
  expect(server.links).toHaveLength(0)
})

test('StrictMode makes one connection and one subscription, and shows what comes', async () => {
  await render(app(createElement(Room, { key: 1 }), createElement(Room, { key: 2 })))
  await happens(() => {
    server.accept()
  })
  expect(server.links).toHaveLength(1)
  expect(server.sent('SUBSCRIBE')).toEqual([{ channel_name: 'room' }])
  await happens(() => {
    server.snapshot('room', { presence: ['ann'], state: { topic: 1 } })
    server.say('PUBLISH', { channel_name: 'room', payload: 'hi', user: 'bob', offset: 1 })
  })
  expect(page()).toBe('connected subscribed [hi] [ann] [topic] '.repeat(2))
})

test('the subscription ends with the last component, not before, and not if one comes back', async () => {
  await render(app(createElement(Room, { key: 1 }), createElement(Room, { key: 2 })))
  await happens(() => {
    server.accept()
  })
  await happens(() => {
    server.snapshot('room')
  })
  await render(app(createElement(Room, { key: 1 })))
  await act(async () => vi.advanceTimersByTimeAsync(5000))
  expect(server.sent('UNSUBSCRIBE')).toEqual([])
  await render(app())
  await render(app(createElement(Room, { key: 3 })))
  await act(async () => vi.advanceTimersByTimeAsync(5000))
  expect(server.sent('UNSUBSCRIBE')).toEqual([])
  await render(app())
  await act(async () => vi.advanceTimersByTimeAsync(5000))
  expect(server.sent('UNSUBSCRIBE')).toEqual([{ channel_name: 'room' }])
})

test('another name is another channel', async () => {
  await render(app(createElement(Room, { name: 'a' })))
  await happens(() => {
    server.accept()
  })
  await happens(() => {
    server.snapshot('a')
  })
  await render(app(createElement(Room, { name: 'b' })))
  expect(page()).toContain('subscribing []')
  await happens(() => {
    server.snapshot('b', { history: [['PUBLISH', { payload: 'old', offset: 1 }]], offset: 1 })
  })
  expect(page()).toContain('subscribed [old]')
})

test('a refused subscription and a lost link are shown', async () => {
  await render(app(createElement(Room)))
  await happens(() => {
    server.accept()
  })
  await happens(() => {
    server.refuse('SUBSCRIBE', { code: 'unauthorized', msg: 'members only', retry: false })
  })
  expect(page()).toContain('connected refused')
  await happens(() => {
    server.links[0]?.onclose?.({ wasClean: false })
  })
  expect(page()).toContain('offline')
})

test('publish and loadOlder stay the same functions, and reach the server', async () => {
  await render(app(createElement(Room)))
  await happens(() => {
    server.accept()
  })
  functions.clear()
  await happens(() => {
    server.snapshot('room', { history: [['PUBLISH', { payload: 'b', offset: 2 }]], offset: 2 })
    server.say('PUBLISH', { channel_name: 'room', payload: 'c', offset: 3 })
  })
  expect(functions.size).toBe(2)
  let older: Promise<boolean> | undefined
  await happens(() => {
    older = last?.loadOlder()
  })
  expect(server.sent('HISTORY')).toEqual([{ channel_name: 'room', before: 2, limit: 50 }])
  await happens(() => {
    server.answer('HISTORY', { epoch: 'e', history: [['PUBLISH', { payload: 'a', offset: 1 }]] })
  })
  expect(await older).toBe(false)
  expect(page()).toContain('[a,b,c]')
})

test('the client that a provider made is closed with it', async () => {
  await render(app(createElement(Room)))
  await happens(() => {
    server.accept()
  })
  await act(async () => root?.unmount())
  root = undefined
  await act(async () => vi.advanceTimersByTimeAsync(1))
  expect(server.sent('DISCONNECT')).toHaveLength(1)
})
