import { avatar, byId, element, timeElement } from './dom.js'
import { authorOf, clockTime, dayOf, textOf } from './words.js'

/** The messages of the room that is open, with days, notes and the line above what is new. */

const maxShown = 500
const groupMs = 5 * 60_000
const endPx = 60

const list = byId('messages')
const line = element('li', 'new-line')
line.append(element('span', '', 'New messages'))
/** Messages after this offset are new; undefined: there is no line. */
let newAfter
/** The day that the newest message is of, as it is written above its first. */
let shownDay

/** Whether the end stays in sight whatever happens to the size of the list. */
let isFollowing = true

list.addEventListener('scroll', () => {
  isFollowing = isAtEnd()
})
new ResizeObserver(() => isFollowing && scrollToEnd()).observe(list)

/** Whether the newest message is in sight. */
export function isAtEnd() {
  return list.scrollHeight - list.scrollTop - list.clientHeight < endPx
}

export function scrollToEnd() {
  list.scrollTop = list.scrollHeight
}

/** Shows a room's entries in place of what was there, from the first new one on if there are any. */
export function showEntries(entries, { me, after }) {
  list.setAttribute('aria-busy', 'true')
  list.replaceChildren()
  newAfter = after
  shownDay = undefined
  for (const entry of entries.slice(-maxShown)) append(entry, me)
  placeLine()
  tidy()
  scrollToEnd()
  if (line.isConnected) scrollToLine()
  list.removeAttribute('aria-busy')
}

/** Adds one message. */
export function addEntry(entry, me) {
  keepingPlace(() => {
    append(entry, me)
    placeLine()
  })
}

/** Adds a line such as "ann came in". */
export function addNote(text) {
  keepingPlace(() => {
    beginDay(new Date())
    list.append(element('li', 'note', text))
  })
}

/** Draws the line above the first message after an offset; undefined takes it away. */
export function drawLine(after) {
  newAfter = after
  keepingPlace(placeLine)
}

export const hasLine = () => line.isConnected

/** Runs `change` and stays at the newest message if the reader was there; but who looks away comes back to the line. */
function keepingPlace(change) {
  const wasAtEnd = isAtEnd()
  change()
  tidy()
  if (!wasAtEnd) return
  scrollToEnd()
  if (document.hidden && line.isConnected && line.offsetTop < list.scrollTop) scrollToLine()
}

/** With some of what was read before above it. */
function scrollToLine() {
  list.scrollTop = line.offsetTop - list.clientHeight / 4
}

function tidy() {
  while (list.children.length > maxShown) list.firstElementChild.remove()
  byId('empty').hidden = list.querySelector('.message') !== null
}

function placeLine() {
  line.remove()
  if (newAfter === undefined) return
  const items = [...list.querySelectorAll('.message')]
  items.find(({ dataset }) => Number(dataset.offset) > newAfter)?.before(line)
}

/** A message that the line falls before begins a group: nobody has to look for its author above. */
function append(entry, me) {
  const at = new Date(entry.datetime)
  beginDay(at)
  const last = lastMessage()
  const item = messageItem(entry, me, at)
  const isNew = newAfter !== undefined && Number(last?.dataset.offset) <= newAfter
  if (follows(item, list.lastElementChild) && !(isNew && entry.offset > newAfter))
    item.classList.add('follows')
  list.append(item)
}

function beginDay(at) {
  const day = at.toDateString()
  if (day === shownDay) return
  shownDay = day
  list.append(element('li', 'day', dayOf(at)))
}

function lastMessage() {
  for (let item = list.lastElementChild; item !== null; item = item.previousElementSibling)
    if (item.classList.contains('message')) return item
}

function follows({ dataset }, last) {
  return last?.dataset.user === dataset.user && dataset.at - last.dataset.at < groupMs
}

function messageItem(entry, me, at) {
  const author = authorOf(entry)
  const item = element('li', entry.user === me ? 'message mine' : 'message')
  item.dataset.user = author
  item.dataset.at = String(Number(at))
  item.dataset.offset = String(entry.offset)
  const head = element('div', 'head')
  head.append(element('span', 'author', author), timeElement(at, clockTime(at)))
  const bubble = element('div', 'bubble', textOf(entry.payload))
  bubble.dir = 'auto'
  const body = element('div', 'body')
  body.append(head, bubble)
  item.append(avatar(author), body)
  return item
}
