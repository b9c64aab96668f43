import { Refusal } from '../core/errors.ts'
import type { Notice } from '../core/ports.ts'
import type { RoomLayer } from '../core/room-layer.ts'
import { arrive, enter } from './enter.ts'
import { expandPush, type PushExpansion } from './expand-push.ts'
import { RoomFinder } from './find.ts'
import { inject } from './inject.ts'
import { departed, withEntry, withLeave } from './layer.ts'
import { makeRoom } from './make-room.ts'
import { addMembers, endWithoutMembers, removeMembers } from './members.ts'
import { OpenLinks } from './open-links.ts'
import { listRooms, viewMembers } from './overview.ts'
import { readOld, readRecent } from './read-messages.ts'
import type { RoomContext } from './room-context.ts'
import type { Rooms } from './rooms.ts'
import { Typing } from './typing.ts'
import { readTo, unreadIn } from './unread.ts'

/** Puts rooms together on top of a core, which is given their layer. */
export function createRooms(
  context: RoomContext,
): Rooms & { expand(notice: Notice): Promise<PushExpansion> } {
  const links = new OpenLinks(context)
  const finder = new RoomFinder(context)
  return {
    layer: createLayer(context),
    expand: (notice) => expandPush(context, notice),
    authenticate: (token) => context.profiles.profile(token, 'remembered'),
    enter: (wish) => enter(context, wish),
    arrive: (entrance) => arrive(context, entrance, links),
    old: (room, user) => readOld(context, room, user),
    inject: (room, injection) => inject(context, room, injection),
    unread: (room, query) => unreadIn(context, room, query),
    recent: (room, query) => readRecent(context, room, query),
    find: (wish) => finder.find(wish),
    create: async ({ room, ...draft }) => {
      const isShut = context.settings.talkClosed && draft.members.length > 0
      if (await makeRoom(context, room, { ...draft, closed: draft.closed || isShut })) return
      throw new Refusal('channel_exists', `Channel ${room} already exists`)
    },
    add: (room, wish) => addMembers(context, room, wish),
    remove: (room, { users }) => removeMembers(context, room, users),
    members: (room, page) => viewMembers(context, room, page),
    list: (user, page) => listRooms(context, user, page),
    stop: () => links.stop(),
  }
}

function createLayer(context: RoomContext): RoomLayer {
  const typing = new Typing(context)
  return {
    withEntry: (channel, draft, author) => withEntry(context, channel, { draft, author }),
    withLeave: (channel, user, intent) => withLeave(context, channel, { user, intent }),
    emptied: (room) => endWithoutMembers(context, room),
    departed: (record, end) => departed(context, record, end),
    written: () => context.wake(),
    read: (user, command) => readTo(context, user, command),
    list: (user, query) => listRooms(context, user, query),
    typing: (connection, channel) => typing.tell(connection, channel),
  }
}
