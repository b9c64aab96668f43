/** What is shown, as text. */

const listOf = new Intl.ListFormat('en', { type: 'conjunction' })
const maxNamed = 3
const dayMs = 24 * 3600_000

/** What a message says. Hipochat's clients write `body` or `message`, and may send anything else that is JSON. */
export function textOf(payload) {
  const said = payload?.body ?? payload?.message ?? payload
  return typeof said === 'string' ? said : (JSON.stringify(said) ?? '')
}

/** Whose name stands above a message; the app itself has none. */
export const authorOf = ({ user }) => user ?? 'The app'

/** The room of a channel, as it is shown. */
export const roomOf = (channel) => channel.replace(/^room:/, '')

/** `Ann is typing…`, `Ann, Bob, Cem and 2 others are typing…`, or nothing. */
export function whoTypes(names) {
  if (names.length === 0) return ''
  const named = names.slice(0, maxNamed).map((name) => clipped(name, 24))
  const others = names.length - named.length
  if (others > 0) named.push(others === 1 ? '1 other' : `${others} others`)
  return `${listOf.format(named)} ${names.length === 1 ? 'is' : 'are'} typing…`
}

function clipped(text, length) {
  const characters = [...text]
  return characters.length > length ? `${characters.slice(0, length - 1).join('')}…` : text
}

export const clockTime = (at) => at.toLocaleTimeString([], { hour: '2-digit', minute: '2-digit' })

/** `Today`, `Yesterday`, else the date. */
export function dayOf(at) {
  const ago = daysAgo(at)
  if (ago <= 0) return 'Today'
  if (ago === 1) return 'Yesterday'
  return at.toLocaleDateString([], { weekday: 'long', day: 'numeric', month: 'long' })
}

/** As short as it can be: the time of today, the weekday of this week, else the date. */
export function shortTime(at) {
  const ago = daysAgo(at)
  if (ago <= 0) return clockTime(at)
  if (ago < 7) return at.toLocaleDateString([], { weekday: 'short' })
  return at.toLocaleDateString([], { day: 'numeric', month: 'short' })
}

function daysAgo(at) {
  const midnight = (date) => new Date(date).setHours(0, 0, 0, 0)
  return Math.round((midnight(Date.now()) - midnight(at)) / dayMs)
}
