import { keepConnected } from './link.js'
import {
  addMessage,
  addNote,
  showBanner,
  showHistory,
  showPeople,
  showProblem,
  showRooms,
  showState,
  showTopic,
} from './view.js'

const { offhookUrl, channel, room, name: me } = document.body.dataset
const text = document.getElementById('text')
const topic = document.getElementById('topic')
let subscription
let link
/** Sent and not come back yet, oldest first: what is refused returns to its writer. */
let underWay = []

function onOpen(connection) {
  connection.onSubscribed = (_name, subscribed) => {
    subscription = subscribed
    showChannel()
    subscribed.onPublish = (frame) => {
      if (frame.user === me) underWay = underWay.filter((sent) => sent !== frame.payload?.text)
      addMessage(frame, me)
    }
    subscribed.onSubscribe = ({ user }) => {
      addNote(`${user} came in`)
      showPeople(subscribed.presence, me)
    }
    subscribed.onUnsubscribe = ({ user }) => {
      addNote(`${user} left`)
      showPeople(subscribed.presence, me)
    }
    subscribed.onState = () => showTopic(subscribed.state.topic)
  }
  connection.onUnsubscribed = onLeft
  connection.subscribe(channel)
}

function showChannel() {
  underWay = []
  showBanner('')
  showProblem('')
  showState('connected')
  showHistory(subscription.history, me)
  showPeople(subscription.presence, me)
  showTopic(subscription.state.topic)
  text.focus()
  loadRooms()
}

/** Publishes to one channel are answered in order, so it is the oldest that was refused. */
function onProblem(message) {
  showProblem(message)
  const refused = underWay.shift()
  if (refused !== undefined && text.value === '') text.value = refused
}

/** The room was closed: nothing more comes from it. */
function onLeft() {
  subscription = undefined
  showState('offline')
  showBanner('You are no longer in this room. Reload the page to come back.')
}

function onLost(retryInMs) {
  subscription = undefined
  showState('offline')
  const seconds = Math.max(1, Math.round(retryInMs / 1000))
  showBanner(`Connection lost. Trying again in ${seconds} s …`, 'button')
}

function onRefused(message) {
  if (message === 'Please log in') location.assign(`/?room=${encodeURIComponent(room)}`)
  else showBanner(`Offhook refused the connection: ${message}`)
}

async function loadRooms() {
  const response = await fetch('/rooms').catch(() => undefined)
  if (response?.ok) showRooms(await response.json(), room)
}

document.getElementById('composer').addEventListener('submit', (event) => {
  event.preventDefault()
  if (subscription === undefined || text.value.trim() === '') return
  showProblem('')
  const said = text.value.trim()
  subscription.publish({ text: said })
  underWay.push(said)
  text.value = ''
})

document.getElementById('topic-form').addEventListener('submit', async (event) => {
  event.preventDefault()
  topic.blur()
  const body = new URLSearchParams({ room, topic: topic.value })
  const response = await fetch('/topic', { method: 'POST', body }).catch(() => undefined)
  if (response?.ok) return
  showProblem('The topic could not be changed.')
  if (subscription !== undefined) showTopic(subscription.state.topic)
})

// The button shows while the topic is being written; leaving the field without it takes nothing over.
const save = document.getElementById('topic-save')
topic.addEventListener('focus', () => {
  save.hidden = false
})
document.getElementById('topic-form').addEventListener('focusout', (event) => {
  if (event.relatedTarget === save || event.relatedTarget === topic) return
  save.hidden = true
  setTimeout(() => subscription !== undefined && showTopic(subscription.state.topic))
})

document.getElementById('retry').addEventListener('click', () => link?.tryNow())

// On wide screens there is room for the list of rooms.
const wide = matchMedia('(min-width: 720px)')
const roomsBox = document.getElementById('rooms-box')
const openRooms = () => {
  roomsBox.open = wide.matches
}
wide.addEventListener('change', openRooms)
openRooms()

/** Offhook was down when the page was loaded: its script is loaded again until it comes. */
function loadScript() {
  const script = document.createElement('script')
  script.src = `${offhookUrl}/static/hookbox.js`
  script.onload = start
  script.onerror = () => setTimeout(loadScript, 2000)
  document.head.append(script)
}

function start() {
  showBanner('Connecting …')
  link = keepConnected({ url: offhookUrl, onOpen, onLost, onRefused, onError: onProblem })
}

showState('offline')
if (window.hookbox) start()
else {
  showBanner(`Offhook does not answer at ${offhookUrl}. Trying again …`)
  loadScript()
}
