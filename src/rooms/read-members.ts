import type { Member, MemberPage } from '../core/ports.ts'
import type { RoomContext } from './room-context.ts'

/** A member of a room, undefined for others. */
export async function memberOf(
  { core }: RoomContext,
  room: string,
  user: string,
): Promise<Member | undefined> {
  const page = await core.stores.channels.members(room, { users: [user], limit: 1 })
  return page.members[0]
}

/** All members, page by page. */
export async function* allMembers(
  { core }: RoomContext,
  room: string,
): AsyncGenerator<MemberPage['members'], void> {
  const limit = 1000
  let page = await core.stores.channels.members(room, { limit })
  for (;;) {
    yield page.members
    if (page.next === undefined) return
    page = await core.stores.channels.members(room, { limit, after: page.next })
  }
}
