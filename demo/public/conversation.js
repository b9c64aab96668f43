import { byId } from './dom.js'
import { addEntry, addNote, drawLine, hasLine, isAtEnd, showEntries } from './messages.js'

/**
 * The room that is open: its messages, and how far they have been read. A message counts as read when it was at the end of
 * the list on a page that one could see, never in the background.
 */
export class Conversation {
  /** @param ports {client, rooms, me, changed}; `changed` is called when what belongs to the room may be another. */
  constructor(ports) {
    this.ports = ports
    document.addEventListener('visibilitychange', () => this.markRead())
    byId('messages').addEventListener('scroll', () => this.scrolled())
  }

  get channel() {
    return this.ports.client.channel(this.name)
  }

  get room() {
    return this.ports.rooms.room(this.name)
  }

  get isReading() {
    return !document.hidden && isAtEnd()
  }

  /** Opens a room in place of the one before. */
  open(name) {
    this.close?.()
    this.name = name
    const { channel, room } = this
    const ends = [
      channel.on('reset', () => this.show()),
      channel.on('entry', (entry) => this.take(entry)),
      channel.on('join', ({ user }) => this.welcome(user)),
      channel.on('leave', ({ user }) => this.note(user, 'left')),
      channel.on('change', () => this.ports.changed()),
      room.on('change', () => this.markRead()),
      room.on('change', () => this.ports.changed()),
    ]
    this.seen = new Set(channel.users)
    this.close = () => ends.forEach((end) => end())
    this.show()
    this.recount()
  }

  /** All of it, with the line where the user has read to. */
  show() {
    const { room, channel } = this
    const after = room.unread > 0 ? room.readOffset : undefined
    for (const user of channel.users) this.seen.add(user)
    showEntries(channel.entries, { me: this.ports.me, after })
    this.scrolled()
    this.ports.changed()
  }

  /** The count does not have the entry yet: the first unread one has the line above it. */
  take(entry) {
    const { me } = this.ports
    if (entry.user === me) drawLine(undefined)
    else if (!this.isReading && (this.room.unread === 0 || !hasLine())) drawLine(entry.offset - 1)
    addEntry(entry, me)
    this.scrolled()
  }

  /** Whoever comes for the first time may be a new member; members are counted only where one asks for rooms. */
  welcome(user) {
    this.note(user, 'came in')
    if (this.seen.has(user)) return
    this.seen.add(user)
    this.recount()
  }

  recount() {
    // Where it does not work the next link asks again.
    this.ports.rooms.list().catch(() => {})
  }

  note(user, what) {
    if (user !== this.ports.me) addNote(`${user} ${what}`)
  }

  scrolled() {
    byId('to-end').hidden = isAtEnd()
    this.markRead()
  }

  markRead() {
    const { channel, isReading, name, room } = this
    if (name === undefined || !isReading || room.unread === 0) return
    // Offline it is kept and sent once; whoever looks at the count need not know how.
    if (channel.status === 'subscribed') room.read().catch(() => {})
  }
}
