import { expect } from 'vitest'
import type { RestBody } from './rest.ts'
import { TalkBackend, tokenOf } from './talk-backend.ts'
import { openTalk, type TalkClient, type TalkClientOptions } from './talk-client.ts'
import { type Caller, TalkHttp } from './talk-http.ts'
import { apiToken, type World, type WorldOptions } from './world.ts'

/** A world whose app also serves chat: see World, TalkBackend. */
export interface TalkWorld {
  readonly world: World
  readonly backend: TalkBackend
  /** To the nodes in turn, beginning with the last; made anew by a restart. */
  readonly http: TalkHttp
  /** A link without waiting for its arrival; nodes take turns unless one is named. */
  open(room: string, token: string, options?: OpenOptions): Promise<TalkClient>
  /** A link of a user whom the backend knows, which has arrived in its room. */
  enter(room: string, user: string, options?: OpenOptions): Promise<TalkClient>
  /** Unread messages as the user is told by HTTP. */
  unread(room: string, user: string): Promise<unknown>
  /** Names of the members by REST, sorted. */
  members(room: string): Promise<string[]>
  restart(): Promise<void>
}

export interface OpenOptions extends TalkClientOptions {
  readonly node?: number
}

/** The app itself. */
export const app: Caller = { api: apiToken }

/** A user whom the backend knows. */
export function as(user: string): Caller {
  return { token: tokenOf(user) }
}

type Start = (options?: WorldOptions) => Promise<World>

/** Starts a world with chat. Hooks are given too, so that a test can see that none is asked. */
export async function startTalk(start: Start, options: WorldOptions = {}): Promise<TalkWorld> {
  const backend = new TalkBackend()
  const world = await start({
    ...options,
    appArgs: (testApp) => {
      backend.serve(testApp)
      const { origin } = testApp
      return [
        ...['--talk-profile-url', `${origin}/profile`, '--talk-push-url', `${origin}/push`],
        ...(options.appArgs?.(testApp) ?? ['--app-url', `${origin}/hookbox`, '--talk-rooms', '*']),
      ]
    },
  })
  const clients: TalkClient[] = []
  world.onStop(() => {
    for (const client of clients) client.socket.terminate()
    expect(clients.flatMap(({ breaches }) => breaches)).toEqual([])
    // Tokens go to the profile URL and nowhere else (G7).
    const heard = clients.flatMap(({ texts }) => texts).join('\n')
    const pushed = backend.pushes.all.map(({ text }) => text).join('\n')
    expect(`${heard}${pushed}`).not.toContain(tokenOf(''))
  })
  const urls = () => world.nodes.map((node) => node.url)
  let http = new TalkHttp(urls())
  let turn = 0

  async function open(room: string, token: string, how: OpenOptions = {}): Promise<TalkClient> {
    const node = world.nodes[how.node ?? turn++ % world.nodes.length]
    const client = await openTalk(node?.url ?? '', { room, token }, how)
    clients.push(client)
    return client
  }

  return {
    world,
    backend,
    get http() {
      return http
    },
    open,
    async enter(room, user, how) {
      const client = await open(room, tokenOf(user), how)
      await client.barrier()
      return client
    },
    async unread(room, user) {
      const answer = await http.get(`/talk/notification/${room}/`, as(user))
      expect(answer.status).toBe(200)
      return answer.body.notification
    },
    async members(room) {
      const answer: RestBody = await world.rest.ok('room_members', { channel_name: room })
      return (answer.members ?? []).map(({ user }) => user).sort()
    },
    async restart() {
      await world.restart()
      http = new TalkHttp(urls())
    },
  }
}
