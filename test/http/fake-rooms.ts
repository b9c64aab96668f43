import type { Profile, ProfileAnswer } from '../../src/core/ports.ts'
import type { TalkSettings } from '../../src/http/settings.ts'
import type { Entrance, Rooms } from '../../src/rooms/rooms.ts'

/** The configuration's defaults. */
export const talkDefaults: TalkSettings = {
  talkCompat: 'seed',
  talkRegularType: 'message',
  talkMessageTypes: [],
  talkUserPrefix: '',
  talkOpenMembership: false,
}

/** The user whom the app knows by `token-NAME`. */
export function profileOf(name: string): Profile {
  return { user: name, name: name.toUpperCase(), info: `{"name":${JSON.stringify(name)}}` }
}

/** What a method of rooms was called with. */
type Asked = readonly [method: string, ...args: unknown[]]

type Answers = { [K in keyof Rooms]?: (...args: never[]) => unknown }

/** Rooms that know the tokens `token-NAME`, note what they are asked and answer as told (default: undefined). */
export class FakeRooms {
  readonly asked: Asked[] = []
  readonly tokens: string[] = []
  readonly rooms: Rooms

  constructor(answers: Answers = {}) {
    const own: Answers = {
      authenticate: (token: string) => this.#authenticate(token),
      enter: async (wish: {
        room: string
        profile: Profile
        token: string
      }): Promise<Entrance> => ({
        ...wish,
        position: { epoch: 'e', offset: 0 },
        readTo: { offset: 0, count: 0 },
      }),
      arrive: () => async () => {},
      ...answers,
    }
    this.rooms = new Proxy({} as Rooms, {
      get:
        (_target, method: string) =>
        (...args: unknown[]) =>
          this.#call(method, own[method as keyof Rooms], args),
    })
  }

  /** What was asked of one method. */
  of(method: keyof Rooms): unknown[][] {
    return this.asked.filter(([name]) => name === method).map(([, ...args]) => args)
  }

  #call(method: string, answer: Answers[keyof Rooms], args: unknown[]): unknown {
    if (method === 'authenticate') this.tokens.push(String(args[0]))
    else this.asked.push([method, ...args])
    if (method === 'arrive') return answer?.(...(args as never[]))
    return Promise.resolve().then(() => answer?.(...(args as never[])))
  }

  #authenticate(token: string): ProfileAnswer {
    if (token === 'broken') return { outcome: 'failed' }
    const name = /^token-(.+)$/.exec(token)?.[1]
    return name === undefined
      ? { outcome: 'refused' }
      : { outcome: 'known', profile: profileOf(name) }
  }
}
