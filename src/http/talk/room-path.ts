/** What may be a room's name in a path (spec/hipochat.md §2): a comma is part of it where one room is named. */
const grammar = /^[A-Za-z0-9.:,_-]{1,200}$/

/** Whether `text` may name a room. */
export function isRoomName(text: string): boolean {
  return grammar.test(text)
}

/** Segments of a request's path, unescaped, without an ending slash; undefined where an escape is broken. */
export function pathSegments(path: string): readonly string[] | undefined {
  try {
    return path.replace(/^\//, '').replace(/\/$/, '').split('/').map(decodeURIComponent)
  } catch {
    return undefined
  }
}

/** The room of `/talk/chat/ROOM/`; undefined for other paths and for what is no room's name. */
export function chatRoomOf(path: string): string | undefined {
  const [talk, chat, room, ...more] = pathSegments(path) ?? []
  if (talk !== 'talk' || chat !== 'chat' || room === undefined || more.length > 0) return undefined
  return isRoomName(room) ? room : undefined
}
