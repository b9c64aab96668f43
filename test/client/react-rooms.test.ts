// @vitest-environment happy-dom
import { act, createElement } from 'react'
import { createRoot, type Root } from 'react-dom/client'
import { renderToString } from 'react-dom/server'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import {
  OffhookProvider,
  type RoomResult,
  type RoomsResult,
  useRoom,
  useRooms,
} from '../../src/client/react/index.ts'
import { FakeServer } from './fake-server.ts'

let server: FakeServer
let root: Root | undefined
let lastList: RoomsResult | undefined
let lastRoom: RoomResult<string> | undefined
const functions = new Set<unknown>()
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

async function happens(run: () => void): Promise<void> {
  await act(async () => {
    run()
    await vi.advanceTimersByTimeAsync(0)
  })
}

function List() {
  lastList = useRooms()
  functions.add(lastList.reload)
  const { rooms, isLoaded, error } = lastList
  const lines = rooms.map(({ name, unread }) => `${name} ${unread}`)
  return `${isLoaded ? 'loaded' : 'loading'} [${lines}] ${error?.code ?? ''}`
}

function Room() {
  lastRoom = useRoom<string>('tea')
  functions.add(lastRoom.read).add(lastRoom.typing)
  const { entries, status, unread, isMember, typingUsers } = lastRoom
  return `${status} ${isMember} ${unread} [${typingUsers}] [${entries.map(({ payload }) => payload)}]`
}

function app(...children: ReturnType<typeof createElement>[]) {
  const connect = () => server.connect()
  return createElement(OffhookProvider, { connect }, ...children)
}

async function render(element: ReturnType<typeof createElement>): Promise<void> {
  root ??= createRoot(document.body.appendChild(document.createElement('div')))
  await happens(() => root?.render(element))
}

/** ROOMS has one room, the tea room. */
async function answerRooms(args: Record<string, unknown>): Promise<void> {
  await happens(() => {
    const room = { channel_name: 'tea', epoch: 'e', members: 2, closed: false, ...args }
    server.answer('ROOMS', { rooms: [room] })
  })
}

function publish(offset: number): Promise<void> {
  return happens(() => {
    server.say('PUBLISH', { channel_name: 'tea', payload: `${offset}`, user: 'bob', offset })
  })
}

test('on a server there are no rooms, and nothing is connected', () => {
  const html = renderToString(app(createElement(List), createElement(Room)))
  expect(html).toContain('loading [] ')
  expect(html).toContain('idle false 0 [] []')
  expect(server.links).toHaveLength(0)
})

test('useRooms shows the rooms and their counts as they change', async () => {
  await render(app(createElement(List)))
  await happens(() => {
    server.accept()
  })
  expect(page()).toBe('loading [] ')
  await answerRooms({ offset: 3, read_offset: 0, unread: 3 })
  expect(page()).toBe('loaded [tea 3] ')
  functions.clear()
  await happens(() => {
    server.say('READ', { channel_name: 'tea', offset: 3, unread: 0 })
  })
  expect(page()).toBe('loaded [tea 0] ')
  const asked = server.sent('ROOMS').length
  await happens(() => lastList?.reload())
  expect([server.sent('ROOMS').length - asked, functions.size]).toEqual([1, 1])
})

test('useRooms shows why there is no list', async () => {
  await render(app(createElement(List)))
  await happens(() => {
    server.accept()
  })
  await happens(() => {
    server.refuse('ROOMS', { code: 'unknown_frame', msg: 'Unknown frame', retry: false })
  })
  expect(page()).toBe('loading [] unknown_frame')
  expect(server.sent('ROOMS')).toHaveLength(1)
})

test('useRoom is useChannel with counts, typing and the marker', async () => {
  await render(app(createElement(Room)))
  await happens(() => {
    server.accept()
  })
  await happens(() => {
    server.snapshot('tea')
  })
  const empty = { offset: 0, read_offset: 0, unread: 0 }
  await answerRooms(empty)
  await answerRooms(empty)
  functions.clear()
  await publish(1)
  expect(page()).toBe('subscribed true 1 [] [1]')
  await happens(() => {
    server.say('TYPING', { channel_name: 'tea', user: 'bob' })
  })
  expect(page()).toBe('subscribed true 1 [bob] [1]')
  await act(async () => vi.advanceTimersByTimeAsync(12_000))
  expect(page()).toBe('subscribed true 1 [] [1]')
  await happens(() => {
    lastRoom?.read().catch(() => {})
    lastRoom?.typing()
  })
  expect(server.sent('READ')).toEqual([{ channel_name: 'tea', offset: 1 }])
  expect(server.sent('TYPING')).toEqual([{ channel_name: 'tea' }])
  await happens(() => {
    server.say('READ', { channel_name: 'tea', offset: 1, unread: 0 })
    server.answer('READ', { offset: 1, unread: 0 })
  })
  expect([page(), functions.size]).toEqual(['subscribed true 0 [] [1]', 2])
})
