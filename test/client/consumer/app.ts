// A page of somebody else, compiled against the packed package (types.test.ts).
import { type Channel, connect, type Entry, OffhookError, type Published } from 'offhook/client'
import { OffhookProvider, useChannel, useConnectionState, useRoom, useRooms } from 'offhook/react'
import { type Room as ChatRoom, type RoomSummary, type Rooms, roomsOf } from 'offhook/rooms'

interface Chat {
  text: string
}
interface Headline {
  title: string
}

const offhook = connect<{ 'room:*': Chat; news: Headline }>('https://live.example', {
  payload: { page: 1 },
  auth: async () => ({ token: 'abc', payload: null }),
  transports: ['websocket', 'csp-stream', 'csp-poll'],
})

const room: Channel<Chat> = offhook.channel('room:tea')
const headline: Entry<Headline> | undefined = offhook.channel('news').entries[0]
const other: Channel<unknown> = offhook.channel('elsewhere')

export async function chat(): Promise<string> {
  await room.subscribe()
  const published: Published = await room.publish({ text: 'hi' })
  // @ts-expect-error: a chat line is no number
  room.publish(1).catch(() => undefined)
  // @ts-expect-error: there is no such transport
  connect('/', { transports: ['pigeon'] })
  room.on('entry', (entry) => entry.payload.text.length)
  room.on('reset', ({ entries }) => entries.map(({ payload }) => payload.text))
  offhook.on('state', ({ state, error }) => {
    if (state === 'refused' && error?.code === 'unauthorized') other.unsubscribe().catch(() => {})
    // @ts-expect-error: no such code
    return error?.code === 'no_such_code'
  })
  try {
    for await (const { payload, user } of room) return `${user}: ${payload.text}`
  } catch (error) {
    if (error instanceof OffhookError && error.retry) return error.code
  }
  return published.id + (headline?.payload.title ?? '')
}

export function Room(): string {
  const { entries, presence, status, publish } = useChannel<Chat>('room:tea')
  const { state } = useConnectionState()
  publish({ text: 'hi' }).catch(() => {})
  return [state, status, ...presence, ...entries.map(({ payload }) => payload.text)].join()
}

const rooms: Rooms = roomsOf(offhook)

export async function overview(): Promise<string> {
  const list: readonly RoomSummary[] = await rooms.list()
  rooms.on('unread', ({ room: name, unread, readOffset }) => `${name}${unread + readOffset}`)
  const tea: ChatRoom = rooms.room('room:tea')
  tea.on('typing', (users) => users.join())
  tea.typing()
  await tea.read()
  await tea.read(7)
  // @ts-expect-error: an offset is a number
  tea.read('7').catch(() => undefined)
  // @ts-expect-error: the server counts
  tea.unread = 0
  return list.map(({ name, last }) => `${name} ${last?.user} ${tea.typingUsers}`).join()
}

export function Overview(): string {
  const { rooms: list, isLoaded, error, reload } = useRooms()
  const { unread, typingUsers, read, typing, entries } = useRoom<Chat>('room:tea')
  if (error !== undefined) reload()
  read().catch(() => {})
  typing()
  const texts = entries.map(({ payload }) => payload.text)
  return [isLoaded, list.length, unread, ...typingUsers, ...texts].join()
}

export const element = OffhookProvider({ client: offhook, children: null })
