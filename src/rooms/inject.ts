import { publish } from '../core/operations/publish.ts'
import type { Published } from '../core/published.ts'
import { admission } from './commit-room.ts'
import { ensureRoom } from './make-room.ts'
import type { RoomContext } from './room-context.ts'
import type { Injection } from './rooms.ts'

/** Stores a message that comes from outside the room and tells everybody in it (spec/hipochat.md §3). Throws Refusal. */
export async function inject(
  rooms: RoomContext,
  name: string,
  injection: Injection,
): Promise<Published> {
  const { author, type, content } = injection
  const room = await ensureRoom(rooms, name, author?.user)
  const speaker =
    author === undefined
      ? { user: null, name: null, info: 'null' }
      : { user: author.user, name: author.name, info: author.info }
  const isOpened =
    author !== undefined && admission(rooms, room, author.user).admits === undefined
      ? { admits: 'anybody' as const }
      : {}
  return publish(
    rooms.core,
    { kind: 'talk', type, ...speaker, ...isOpened },
    { channel: name, payload: content },
  )
}
