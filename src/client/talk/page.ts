import { RoomLink } from './room-link.ts'
import { addMessage, byId, showBefore } from './view.ts'

/** The test page of talk: type a room and a token, chat (spec/hipochat.md §3). The token stays in this page's memory. */

const states = {
  connecting: 'Connecting …',
  connected: 'Connected',
  waiting: 'Connection lost, trying again …',
  ended: 'Not connected',
} as const

const countIntervalMs = 2000

const room = byId<HTMLInputElement>('room')
const token = byId<HTMLInputElement>('token')
const text = byId<HTMLInputElement>('text')
let link: RoomLink | undefined
/** Unread as the server counted it; while the page is hidden, what came since. */
let unread = 0
let counting: ReturnType<typeof setInterval> | undefined

function showUnread(count: number): void {
  unread = count
  byId('unread').textContent = `${count} unread`
  byId('unread').hidden = count === 0
  document.title = count === 0 ? 'Talk · Offhook' : `(${count}) Talk · Offhook`
}

function showState(state: keyof typeof states): void {
  const isConnected = state === 'connected'
  document.body.dataset['state'] = state
  byId('state').textContent = states[state]
  for (const id of ['text', 'send']) byId<HTMLInputElement>(id).disabled = !isConnected
  for (const input of [room, token]) input.disabled = state !== 'ended'
  byId('enter-button').hidden = state !== 'ended'
  byId('leave-button').hidden = state === 'ended'
  if (isConnected) text.focus()
}

function enter(): void {
  clearInterval(counting)
  showProblem('')
  byId('messages').replaceChildren()
  byId('empty').hidden = false
  byId('empty').textContent = '…'
  byId('room-name').textContent = room.value
  location.hash = room.value
  link = new RoomLink(
    { room: room.value, token: token.value },
    {
      onState: showState,
      onCount: showUnread,
      onBefore: (before) => {
        showBefore(before)
        showUnread(0)
      },
      onMessage: (message) => {
        addMessage(message)
        if (document.hidden) showUnread(unread + 1)
      },
      onProblem: showProblem,
    },
  )
}

/** Who has left sees what it misses: the room goes on counting. */
function leave(): void {
  const left = link
  left?.close()
  counting = setInterval(() => {
    left?.count().then(showUnread, () => clearInterval(counting))
  }, countIntervalMs)
}

function showProblem(problem: string): void {
  byId('problem').textContent = problem
}

byId('enter').addEventListener('submit', (event) => {
  event.preventDefault()
  enter()
})
byId('leave-button').addEventListener('click', leave)
byId('composer').addEventListener('submit', (event) => {
  event.preventDefault()
  if (text.value.trim() === '') return
  showProblem('')
  link?.send(text.value)
  text.value = ''
})
document.addEventListener('visibilitychange', () => {
  if (!document.hidden && document.body.dataset['state'] === 'connected') showUnread(0)
})

room.value = location.hash.slice(1)
showState('ended')
