import { type Demo, type Route, requireUser } from './demo.ts'
import { type Exchange, readBody, sendJson } from './exchange.ts'
import { joinRooms } from './membership.ts'
import { channelOf, firstRoom, roomFrom, roomOf } from './rooms.ts'

/** What the chat page asks of its own app; the rest it has from Offhook. */
export const roomRoutes: readonly (readonly [string, Route])[] = [
  ['GET /rooms', listRooms],
  ['POST /rooms', join],
  ['POST /topic', setTopic],
  ['GET /pushes', listPushes],
  ['POST /token', giveToken],
]

/** Names of the rooms that somebody has made. */
async function listRooms(demo: Demo, exchange: Exchange): Promise<void> {
  requireUser(demo, exchange)
  const { channels } = await demo.offhook.call('get_server_info')
  const names = Array.isArray(channels) ? channels.map(String) : []
  const rooms = new Set([firstRoom, ...names.flatMap((name) => roomOf(name) ?? [])])
  sendJson(exchange, [...rooms].sort().slice(0, 50))
}

/** Members are the app's business: the page asks the app, the app tells Offhook. */
async function join(demo: Demo, exchange: Exchange): Promise<void> {
  const user = requireUser(demo, exchange)
  const room = roomFrom(new URLSearchParams(await readBody(exchange.request)).get('room'))
  await joinRooms(demo.offhook, user, [room])
  sendJson(exchange, { room, channel: channelOf(room) })
}

/** So is state. */
async function setTopic(demo: Demo, exchange: Exchange): Promise<void> {
  requireUser(demo, exchange)
  const form = new URLSearchParams(await readBody(exchange.request))
  const topic = (form.get('topic') ?? '').trim().slice(0, 120)
  const channel = channelOf(roomFrom(form.get('room')))
  const val = JSON.stringify(topic)
  await demo.offhook.call('state_set_key', { channel_name: channel, key: 'topic', val })
  sendJson(exchange, { topic })
}

/** All pushes, whoever they are for: this demo has no secrets. */
function listPushes(demo: Demo, exchange: Exchange): void {
  requireUser(demo, exchange)
  sendJson(exchange, demo.pushes.newest)
}

function giveToken(demo: Demo, exchange: Exchange): void {
  sendJson(exchange, { token: demo.sessions.tokenFor(requireUser(demo, exchange)) })
}
