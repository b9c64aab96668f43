import { mkdtemp, rm } from 'node:fs/promises'
import type { Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Browser, BrowserContext, Page } from 'playwright-core'
import { createDemo } from '../../demo/app.ts'
import { launchChromium } from './chromium.ts'
import { freePort } from './free-port.ts'
import { OffhookProcess } from './offhook-process.ts'

const secrets = { hookSecret: 'hook-secret-of-the-test', apiToken: 'api-token-of-the-test' }
const signingSecret = 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw'

/** A size of the browser's window in CSS pixels. */
export const sizes = {
  wide: { width: 1280, height: 760 },
  middle: { width: 800, height: 700 },
  narrow: { width: 360, height: 640 },
} as const

/** Offhook as `npm start` has it; whoever just goes is away after a second. */
function envFor(demoUrl: string): Record<string, string> {
  return {
    OFFHOOK_SIGNING_SECRET: signingSecret,
    OFFHOOK_TALK_PROFILE_URL: `${demoUrl}/profile`,
    OFFHOOK_TALK_PUSH_URL: `${demoUrl}/push`,
    OFFHOOK_TALK_ROOMS: 'room:lobby',
    OFFHOOK_RESUME_WINDOW: '1',
  }
}

/** The demo app, an Offhook of its own and a browser. */
export class DemoWorld {
  readonly url: string
  readonly offhookUrl: string
  /** What pages reported as errors: must be empty at the end. */
  readonly pageErrors: string[] = []
  readonly #demo: Server
  readonly #browser: Browser
  readonly #folder: string
  readonly #contexts: BrowserContext[] = []
  #offhook: OffhookProcess

  private constructor(parts: {
    demo: Server
    browser: Browser
    folder: string
    offhook: OffhookProcess
    offhookUrl: string
  }) {
    this.#demo = parts.demo
    this.#browser = parts.browser
    this.#folder = parts.folder
    this.#offhook = parts.offhook
    this.url = urlOf(parts.demo)
    this.offhookUrl = parts.offhookUrl
  }

  /** Starts all three; leaves nothing behind if one of them does not start. */
  static async start(): Promise<DemoWorld> {
    const port = await freePort()
    const offhookUrl = `http://127.0.0.1:${port}`
    const folder = await mkdtemp(join(tmpdir(), 'offhook-browser-'))
    const sessionKey = 'session-key-of-the-test'
    const demo = createDemo({ ...secrets, offhookUrl, signingSecret, sessionKey })
    await new Promise<void>((done) => demo.listen(0, '127.0.0.1', done))
    const demoUrl = urlOf(demo)
    const appUrl = `${demoUrl}/hookbox`
    let offhook: OffhookProcess | undefined
    try {
      offhook = await OffhookProcess.start({
        ...secrets,
        folder,
        appUrl,
        port,
        env: envFor(demoUrl),
      })
      const browser = await launchChromium()
      return new DemoWorld({ demo, browser, folder, offhook, offhookUrl })
    } catch (error) {
      await offhook?.stop()
      await closeServer(demo)
      await rm(folder, { recursive: true })
      throw error
    }
  }

  /** Logs in through the login page, in a browser profile of its own. */
  async logIn(name: string, size: keyof typeof sizes = 'wide'): Promise<Page> {
    const context = await this.#browser.newContext({ viewport: sizes[size] })
    this.#contexts.push(context)
    const page = await context.newPage()
    page.on('pageerror', (error) => this.pageErrors.push(String(error)))
    await page.goto(`${this.url}/?room=tea`)
    await page.getByLabel('Your name').fill(name)
    await page.getByRole('button', { name: 'Log in' }).click()
    await page.waitForURL('**/chat?room=tea')
    return page
  }

  /** Through the page, and so that nothing of it is left: the user is away. */
  async logOut(page: Page): Promise<void> {
    await page.getByRole('button', { name: 'Log out' }).click()
    await page.getByLabel('Your name').waitFor()
  }

  async stopOffhook(): Promise<void> {
    await this.#offhook.stop()
  }

  async killOffhook(): Promise<void> {
    await this.#offhook.kill()
  }

  /** Starts it again on the same port and data. */
  async startOffhook(): Promise<void> {
    const { port } = new URL(this.offhookUrl)
    const appUrl = `${this.url}/hookbox`
    const folder = this.#folder
    this.#offhook = await OffhookProcess.start({
      ...secrets,
      folder,
      appUrl,
      port: Number(port),
      env: envFor(this.url),
    })
  }

  /** Closes the windows of all users. */
  async closePages(): Promise<void> {
    for (const context of this.#contexts.splice(0)) await context.close()
  }

  async close(): Promise<void> {
    await this.closePages()
    await this.#browser.close()
    await this.#offhook.stop()
    await closeServer(this.#demo)
    await rm(this.#folder, { recursive: true })
  }
}

function urlOf(server: Server): string {
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`
}

async function closeServer(server: Server): Promise<void> {
  server.closeAllConnections()
  await new Promise((done) => server.close(done))
}
