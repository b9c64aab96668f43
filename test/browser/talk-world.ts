import type { Browser, Page } from 'playwright-core'
import type { Entry } from '../../src/core/entry.ts'
import type { Link } from '../../src/core/ports.ts'
import { createTalk } from '../../src/protocols/talk/protocol.ts'
import type { OldMessages } from '../../src/rooms/rooms.ts'
import { readStaticFiles } from '../../src/static-files.ts'
import { OpenDoor } from '../http/door.ts'
import { FakeRooms, profileOf, talkDefaults } from '../http/fake-rooms.ts'
import { type Started, start } from '../http/parts.ts'
import { launchChromium } from './chromium.ts'

const talk = createTalk({ compat: 'seed', regularType: 'message' })

/** The test page of talk in a browser, before a listener whose one room is a list in memory. */
export class TalkWorld {
  readonly said: Entry[] = []
  /** How many of them count as unread. */
  unread = 0
  /** What pages reported as errors: must be empty at the end. */
  readonly pageErrors: string[] = []
  readonly fake: FakeRooms
  readonly door = new OpenDoor()
  readonly #links = new Set<Link>()
  #server: Started | undefined
  #browser: Browser | undefined

  constructor() {
    this.fake = new FakeRooms({
      unread: () => this.unread,
      old: (): OldMessages => {
        const split = this.said.length - this.unread
        this.unread = 0
        return { read: this.said.slice(0, split), unread: this.said.slice(split) }
      },
    })
  }

  async start(): Promise<void> {
    const { files } = readStaticFiles()
    const settings = talkDefaults
    const parts = { files, door: this.door, talk: { rooms: this.fake.rooms, settings } }
    this.#server = await start(parts)
    this.#browser = await launchChromium()
    this.door.onReceive = (seen, text) => {
      const { link, from } = seen
      const room = from.protocol === 'talk' ? from.room : ''
      this.#links.add(link)
      const [received] = talk(room).open({ maxFrameBytes: 65_536 }).receive(text)
      if (received === undefined || !('command' in received)) return
      const { command } = received
      if (command.op === 'publish') this.say('ann', command.payload)
    }
  }

  async open(viewport: { width: number; height: number }): Promise<Page> {
    if (this.#browser === undefined || this.#server === undefined) throw new Error('not started')
    const context = await this.#browser.newContext({ viewport })
    const page = await context.newPage()
    page.on('pageerror', (error) => this.pageErrors.push(String(error)))
    page.on('console', (line) => {
      if (line.type() === 'error') this.pageErrors.push(line.text())
    })
    await page.goto(`${this.#server.url}/talk/`)
    return page
  }

  /** Somebody says something; `content` is JSON text of an object. */
  say(name: string, content: string, more: Partial<Entry> = {}): void {
    const { user, ...author } = profileOf(name)
    const entry: Entry = {
      kind: 'publish',
      id: String(this.said.length),
      at: 1_414_768_486_196 + this.said.length * 40_000,
      type: 'message',
      author: { user, name: `${name[0]?.toUpperCase()}${name.slice(1)}`, info: author.info },
      content,
      encoding: 'json',
      epoch: 'x',
      offset: this.said.length + 1,
      count: this.said.length + 1,
      ...more,
    }
    this.said.push(entry)
    const { encoder } = talk('tea').open({ maxFrameBytes: 1 })
    const encoded = encoder.encode({ event: 'publish', channel: 'tea', entry })
    const links = this.door.seen.filter(({ ended }) => ended === undefined)
    if (encoded !== undefined) for (const { link } of links) link.write([encoded])
  }

  async close(): Promise<void> {
    await this.#browser?.close()
    await this.#server?.listener.close(0)
  }
}
