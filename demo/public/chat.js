import { closeDrawers, startDrawers } from './drawers.js'
import { focusComposer, letSend, showProblem, startComposer, writeTo } from './composer.js'
import { loadSdk, showBanner, showState } from './connection.js'
import { Conversation } from './conversation.js'
import { byId, setText } from './dom.js'
import { leadTo, startHipochat } from './hipochat.js'
import { scrollToEnd } from './messages.js'
import { showPeople } from './people.js'
import { startPushes } from './pushes.js'
import { showRooms } from './room-list.js'
import { letChangeTopic, showTopic, startTopic } from './topic.js'
import { roomOf, whoTypes } from './words.js'

/** The chat page: puts the rooms that Offhook tells of together with what is on the page. */

const { offhookUrl, name: me } = document.body.dataset
const { connect, roomsOf } = await loadSdk(offhookUrl)
const client = connect(offhookUrl, { maxReconnectMs: 5000 })
const rooms = roomsOf(client)
const conversation = new Conversation({ client, rooms, me, changed: drawSoon })
/** Channels that this page has subscribed to: only there one hears of new messages. With what ends the listening. */
const followed = new Map()
let isDrawing = false

function drawSoon() {
  if (isDrawing) return
  isDrawing = true
  queueMicrotask(() => {
    isDrawing = false
    draw()
  })
}

function draw() {
  const { channel, isReading, name: current, room } = conversation
  const isOnline = client.state === 'connected' && channel.status === 'subscribed'
  document.body.dataset.state = isOnline ? 'connected' : 'offline'
  letSend(isOnline)
  letChangeTopic(isOnline)
  showTopic(channel.state.get('topic'))
  showPeople(channel.users, { me, members: room.summary?.members ?? 0 })
  setText(byId('typing'), isOnline ? whoTypes(room.typingUsers) : '')
  if (client.state === 'connected' && channel.status === 'unsubscribed')
    showBanner('You are no longer in this room. Reload the page to come back.')
  const shown = rooms.current.map((summary) => ({
    ...summary,
    // What is being read is about to be told to the server: no badge for so short.
    unread: isReading && summary.name === current ? 0 : summary.unread,
    typing: client.state === 'connected' ? rooms.room(summary.name).typingUsers : [],
  }))
  showRooms(shown, { current, me })
  showTotal(shown.reduce((sum, { unread }) => sum + unread, 0))
}

/** In the title, and on the button that opens the list where there is no room for it. */
function showTotal(unread) {
  const title = `#${roomOf(conversation.name)} · Offhook demo`
  document.title = unread > 0 ? `(${unread}) ${title}` : title
  byId('total').hidden = unread === 0
  setText(byId('total-count'), unread > 99 ? '99+' : String(unread))
}

/** Shows a room that the user is a member of. */
function open(channel) {
  const room = roomOf(channel)
  document.body.dataset.channel = channel
  setText(byId('room-title'), `#${room}`)
  writeTo(channel, `Message #${room} as ${me}`)
  leadTo(offhookUrl, channel)
  conversation.open(channel)
  closeDrawers()
}

/** Makes the user a member: rooms belong to the app. */
async function join(room) {
  const response = await fetch('/rooms', { method: 'POST', body: new URLSearchParams({ room }) })
  if (!response.ok) throw new Error(await response.text())
  return (await response.json()).channel
}

/** Joins if need be, and opens. */
async function go(room, history = 'push') {
  const channel = await join(room)
  // Before it is opened it has to be known how far its user has read.
  await rooms.list()
  if (history === 'push') window.history.pushState({}, '', `/chat?room=${encodeURIComponent(roomOf(channel))}`)
  open(channel)
  focusComposer()
}

/** Hears of what is said in all rooms of the user, also in those that another tab has joined. */
function follow() {
  const names = rooms.current.map(({ name }) => name)
  for (const name of names) {
    if (followed.has(name)) continue
    client.channel(name).subscribe().catch((error) => showProblem(error.message))
    followed.set(name, rooms.room(name).on('typing', drawSoon))
  }
  for (const [name, forget] of followed) {
    if (names.includes(name)) continue
    forget()
    followed.delete(name)
  }
}

/** The session is over, here or in another window. */
async function checkLogin() {
  const response = await fetch('/rooms').catch(() => undefined)
  const room = roomOf(conversation.name ?? document.body.dataset.channel)
  if (response?.status === 401) location.assign(`/?room=${encodeURIComponent(room)}`)
}

/** Once the first link is there; from then on the SDK keeps everything as it is. */
async function begin() {
  if (conversation.name !== undefined) return
  try {
    await go(document.body.dataset.room, 'replace')
  } catch {
    showBanner('The demo app does not answer. Trying again …')
    checkLogin()
    setTimeout(begin, 2000)
  }
}

rooms.on('change', follow)
rooms.on('change', () => conversation.name && drawSoon())
client.on('channel', () => conversation.name && conversation.recount())
client.on('state', (status) => {
  showState(status)
  if (status.state === 'connected') begin()
  if (status.state === 'refused') checkLogin()
  if (conversation.name) drawSoon()
})

startComposer({
  publish: (channel, body) => client.channel(channel).publish({ body }),
  typing: (channel) => rooms.room(channel).typing(),
})
startTopic({
  room: () => roomOf(conversation.name),
  topic: () => conversation.channel.state.get('topic'),
  onProblem: showProblem,
})
startDrawers()
startPushes()
startHipochat()

byId('retry').addEventListener('click', () => client.connect())
byId('to-end').addEventListener('click', scrollToEnd)
byId('rooms').addEventListener('click', (event) => {
  const link = event.target.closest('a')
  if (link === null || event.ctrlKey || event.metaKey || event.shiftKey) return
  event.preventDefault()
  window.history.pushState({}, '', link.href)
  open(link.dataset.channel)
  focusComposer()
})
window.addEventListener('popstate', () => {
  go(new URL(location.href).searchParams.get('room') ?? '', 'replace').catch(showNotJoined)
})
byId('join').addEventListener('submit', (event) => {
  event.preventDefault()
  const input = byId('room-name')
  go(input.value).then(() => {
    input.value = ''
  }, showNotJoined)
})
byId('room-name').addEventListener('focus', async () => {
  const response = await fetch('/rooms').catch(() => undefined)
  if (!response?.ok) return
  const names = await response.json()
  byId('room-names').replaceChildren(...names.map((name) => new Option(name, name)))
})

function showNotJoined() {
  showProblem('The room could not be opened.')
}
