import { configOf } from '../../src/config/config-of.ts'
import type { Settings } from '../../src/config/schema.ts'
import type { Inbound } from '../../src/core/acceptor.ts'
import type { Notice, ProfileAnswer } from '../../src/core/ports.ts'
import { createTalk } from '../../src/protocols/talk/protocol.ts'
import { createRooms } from '../../src/rooms/create-rooms.ts'
import type { Entrance } from '../../src/rooms/rooms.ts'
import {
  atRest,
  type CoreWorld,
  createCoreWorld,
  FakeLink,
  type Frame,
  type Node,
} from './core-world.ts'

/** Nodes with rooms, without sockets: the real core, rooms and talk protocol, with an app and links of the test. */
export interface RoomWorld extends CoreWorld {
  /** What the app answers for a token; by default its user is the token. */
  readonly profiles: Map<string, ProfileAnswer>
  roomNode(settings?: Partial<Settings>): Promise<RoomNode>
  /** Expands what waits in the outbox; the bodies of the calls, parsed. Nothing waits then. */
  pushes(): Promise<Push[]>
}

/** One node. */
export interface RoomNode extends Node {
  readonly rooms: ReturnType<typeof createRooms>
  /** An open link of a room. */
  talk(room: string, user: string): Promise<TalkLink>
  /** The link of somebody who was let in before. */
  arrive(entrance: Entrance): Promise<TalkLink>
}

/** One call to the push URL. */
export interface Push {
  readonly chat_token: string
  readonly receivers: readonly string[]
  readonly id: string
  readonly body: unknown
  readonly author: unknown
  readonly type: string
  readonly unread: Readonly<Record<string, number>>
  readonly count?: number
}

const pushUrl = 'http://127.0.0.1:9/push'

/** See RoomWorld. */
export function createRoomWorld(): RoomWorld {
  const world = createCoreWorld()
  const profiles = new Map<string, ProfileAnswer>()
  let last: RoomNode | undefined
  return {
    ...world,
    profiles,
    roomNode: async (settings = {}) => {
      const config = configOf({ talkPushUrl: pushUrl, ...settings })
      let rooms: ReturnType<typeof createRooms> | undefined
      const node = await world.node({
        settings: config,
        roomLayer: (core) => {
          rooms = createRooms({
            core,
            settings: config,
            profiles: {
              profile: async (token) =>
                profiles.get(token) ?? { outcome: 'known', profile: profileOf(token) },
            },
            wake: () => {},
          })
          return rooms.layer
        },
      })
      if (rooms === undefined) throw new Error('the core made no rooms')
      last = roomNode(node, rooms)
      return last
    },
    pushes: async () => {
      if (last === undefined) throw new Error('there is no node')
      await atRest()
      return expandAll(world, last)
    },
  }
}

/** Whom the app knows by a token: a user of that name. */
export function profileOf(user: string) {
  return { user, name: `${user} the user`, info: JSON.stringify({ id: user, name: user }) }
}

async function expandAll(world: CoreWorld, node: RoomNode): Promise<Push[]> {
  const { outbox } = world.stores
  const calls: Notice[] = []
  for (;;) {
    const due = await outbox.due({ now: world.clock.now(), limit: 1000 })
    const push = due.find(({ kind }) => kind === 'push')
    if (push === undefined) break
    const expansion = await node.rooms.expand(push)
    await outbox.replace([push.id, ...expansion.replaces], expansion.calls)
  }
  for (const notice of await outbox.due({ now: world.clock.now(), limit: 1000 })) {
    if (notice.kind !== 'push_call') continue
    calls.push(notice)
    await outbox.settle(notice.id, { result: 'done' })
  }
  return calls.map(({ body }) => JSON.parse(body) as Push)
}

function roomNode(node: Node, rooms: ReturnType<typeof createRooms>): RoomNode {
  const protocolOf = createTalk({ compat: 'seed', regularType: 'message' })
  const arrive = async (entrance: Entrance) => {
    const link = new FakeLink()
    const origin = { transport: 'fake', address: '192.0.2.1' }
    const inbound = node.running.acceptor.accept(link, protocolOf(entrance.room), {
      ...origin,
      arrive: rooms.arrive(entrance),
    })
    await atRest()
    return new TalkLink(link, inbound)
  }
  return {
    ...node,
    rooms,
    arrive,
    talk: async (room, user) =>
      arrive(await rooms.enter({ room, profile: profileOf(user), token: user })),
  }
}

/** One Hipochat client. */
export class TalkLink {
  readonly link: FakeLink
  readonly #inbound: Inbound

  constructor(link: FakeLink, inbound: Inbound) {
    this.link = link
    this.#inbound = inbound
  }

  async say(body: unknown): Promise<void> {
    this.write(JSON.stringify({ body }))
    await atRest()
  }

  write(text: string): void {
    this.#inbound.receive(text)
  }

  async end(how: 'clean' | 'unclean' | 'lost' = 'clean'): Promise<void> {
    this.#inbound.end(how)
    await atRest()
  }

  /** Everything it was sent. */
  get messages(): Record<string, unknown>[] {
    return this.link.frames.all.map((frame: Frame) => frame as unknown as Record<string, unknown>)
  }

  /** Bodies of the messages it was sent. */
  get heard(): unknown[] {
    return this.messages.map(({ body, message, ERROR }) => ERROR ?? body ?? message)
  }
}
