/** What is on the page. All text of users goes in by `textContent`: it can never become markup. */

const maxShown = 500
const groupMs = 5 * 60_000

const byId = (id) => document.getElementById(id)
const messages = byId('messages')

function element(tag, className, text) {
  const made = document.createElement(tag)
  if (className) made.className = className
  if (text !== undefined) made.textContent = text
  return made
}

/** One of eight colours, always the same one for the same name. */
function hueOf(name) {
  let sum = 0
  for (const character of name) sum = (sum * 17 + character.codePointAt(0)) % 9973
  return sum % 8
}

function avatar(name) {
  const made = element('span', `avatar hue-${hueOf(name)}`, [...name][0].toUpperCase())
  made.setAttribute('aria-hidden', 'true')
  return made
}

/** Runs `change` and stays at the newest message if the reader was there. */
function keepingPlace(change) {
  const atEnd = messages.scrollHeight - messages.scrollTop - messages.clientHeight < 60
  change()
  while (messages.children.length > maxShown) messages.firstElementChild.remove()
  if (atEnd) messages.scrollTop = messages.scrollHeight
  byId('empty').hidden = messages.querySelector('.message') !== null
}

/** `datetime` comes without a zone, in the time of the server. */
function messageItem({ user, payload, datetime }, me) {
  const at = new Date(datetime)
  const item = element('li', user === me ? 'message mine' : 'message')
  const last = messages.lastElementChild
  const follows = last?.dataset.user === user && at - Number(last.dataset.at) < groupMs
  item.dataset.user = user
  item.dataset.at = String(Number(at))
  if (follows) item.classList.add('follows')

  const head = element('div', 'head')
  const time = element('time', '', at.toLocaleTimeString([], { hour: '2-digit', minute: '2-digit' }))
  time.dateTime = datetime
  time.title = at.toLocaleString()
  head.append(element('span', 'author', user), time)
  const bubble = element('div', 'bubble', String(payload?.text ?? ''))
  bubble.dir = 'auto'
  const body = element('div', 'body')
  body.append(head, bubble)
  item.append(avatar(user), body)
  return item
}

/** Adds one message. */
export function addMessage(frame, me) {
  keepingPlace(() => messages.append(messageItem(frame, me)))
}

/** Shows a channel's history in place of what was there. */
export function showHistory(history, me) {
  messages.replaceChildren()
  for (const [kind, entry] of history) if (kind === 'PUBLISH') messages.append(messageItem(entry, me))
  keepingPlace(() => {})
  messages.scrollTop = messages.scrollHeight
}

/** Adds a line such as "ann came in". */
export function addNote(text) {
  keepingPlace(() => messages.append(element('li', 'note', text)))
}

/** Shows who is here. */
export function showPeople(names, me) {
  byId('people-count').textContent = String(names.length)
  byId('people').replaceChildren(
    ...names.map((name) => {
      const item = element('li')
      item.append(avatar(name), element('span', 'name', name))
      if (name === me) item.append(element('span', 'you', 'you'))
      return item
    }),
  )
}

/** Shows the rooms there are. */
export function showRooms(rooms, current) {
  byId('rooms').replaceChildren(
    ...rooms.map((room) => {
      const item = element('li')
      const link = element('a', '', `#${room}`)
      link.href = `/chat?room=${encodeURIComponent(room)}`
      if (room === current) link.setAttribute('aria-current', 'page')
      item.append(link)
      return item
    }),
  )
}

/** Shows the topic, unless its user is just changing it. */
export function showTopic(topic) {
  const input = byId('topic')
  if (document.activeElement === input) return
  input.value = typeof topic === 'string' ? topic : ''
  input.title = input.value
}

/** Shows a line above all; `''` hides it. `retry`: `'button'` or `'none'`. */
export function showBanner(text, retry = 'none') {
  byId('banner-text').textContent = text
  byId('banner').hidden = text === ''
  byId('retry').hidden = retry === 'none'
}

/** Shows why something was not done; `''` clears it. */
export function showProblem(text) {
  byId('problem').textContent = text
}

/** Lets the user write, or not: `'connected'` or `'offline'`. What is written so far stays. */
export function showState(state) {
  const offline = state !== 'connected'
  document.body.dataset.state = state
  for (const id of ['text', 'topic']) byId(id).disabled = offline
  byId('send').disabled = offline
}
