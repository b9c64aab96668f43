import type { Before, Message } from './room-link.ts'

/** What is on the page. All text of users goes in by `textContent`: it can never become markup. */

const maxShown = 500
const groupMs = 5 * 60_000
const stamped: ReadonlySet<string> = new Set(['timestamp', 'type', 'author', 'profile', 'token'])

/** An element of the page. */
export function byId<Kind extends HTMLElement = HTMLElement>(id: string): Kind {
  const found = document.getElementById(id)
  if (found === null) throw new Error(`no #${id}`)
  return found as Kind
}

/** Shows what was said before, with a line where it is new. */
export function showBefore({ read, unread }: Before): void {
  const list = byId('messages')
  list.replaceChildren()
  for (const message of read) list.append(itemOf(message))
  if (unread.length > 0) list.append(element('li', 'note', `${unread.length} new`))
  for (const message of unread) list.append(itemOf(message))
  byId('empty').textContent = 'Nobody has said anything here yet.'
  trim()
  list.scrollTop = list.scrollHeight
}

/** Adds one message, and stays at the newest if the reader was there. */
export function addMessage(message: Message): void {
  const list = byId('messages')
  const isAtEnd = list.scrollHeight - list.scrollTop - list.clientHeight < 60
  list.append(itemOf(message))
  trim()
  if (isAtEnd) list.scrollTop = list.scrollHeight
}

function trim(): void {
  const list = byId('messages')
  while (list.children.length > maxShown) list.firstElementChild?.remove()
  byId('empty').hidden = list.children.length > 0
}

function itemOf(message: Message): HTMLElement {
  const author = authorOf(message)
  const type = String(message['type'] ?? 'message')
  const at = new Date(Number(message['timestamp']) * 1000)
  const item = element('li', 'message')
  const last = byId('messages').lastElementChild as HTMLElement | null
  item.dataset['by'] = JSON.stringify([author, type])
  item.dataset['at'] = String(Number(at))
  const sinceLast = Number(at) - Number(last?.dataset['at'])
  if (last?.dataset['by'] === item.dataset['by'] && sinceLast < groupMs) {
    item.classList.add('follows')
  }
  const time = element('time', '', at.toLocaleTimeString([], { timeStyle: 'short' }))
  time.title = at.toLocaleString()
  const head = element('div', 'head')
  head.append(element('span', 'author', author), time)
  if (type !== 'message') head.append(element('span', 'type', type))
  const { kind, shown } = textOf(message)
  const bubble = element('div', kind === 'json' ? 'bubble json' : 'bubble', shown)
  bubble.dir = 'auto'
  item.append(head, bubble)
  return item
}

/** The display name; of release 0.1's answers the profile's. */
function authorOf({ author }: Message): string {
  if (typeof author === 'string') return author
  const { name, username, email } = (author ?? {}) as Readonly<Record<string, unknown>>
  return String(name ?? username ?? email ?? 'system')
}

/** What a message says: its text where it has one, else all that its sender put into it. */
function textOf(message: Message): { kind: 'text' | 'json'; shown: string } {
  const { message: said, body } = message
  if (typeof said === 'string') return { kind: 'text', shown: said }
  if (typeof body === 'string') return { kind: 'text', shown: body }
  const own = Object.entries(message).filter(([key]) => !stamped.has(key) && key !== 'injected')
  const shown = Object.hasOwn(message, 'injected') ? body : Object.fromEntries(own)
  return { kind: 'json', shown: JSON.stringify(shown, null, 2) }
}

function element(tag: string, className: string, text = ''): HTMLElement {
  const made = document.createElement(tag)
  if (className !== '') made.className = className
  made.textContent = text
  return made
}
