import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Browser, BrowserContext, Page } from 'playwright-core'
import { launchChromium } from '../browser/chromium.ts'
import { freePort } from '../browser/free-port.ts'
import { OffhookProcess } from '../browser/offhook-process.ts'
import { startApp, type TestApp } from '../helpers/app.ts'
import { startTcpProxy, type TcpProxy } from './tcp-proxy.ts'

const secrets = { hookSecret: 'hook-secret-of-the-test', apiToken: 'api-token-of-the-test' }

/** A browser, a network that can break, the built Offhook as a process, and an app that serves a bare page. */
export class BrowserWorld {
  /** What pages reported as errors: must be empty at the end. */
  readonly pageErrors: string[] = []
  readonly app: TestApp
  readonly network: TcpProxy
  readonly #browser: Browser
  readonly #folder: string
  readonly #port: number
  readonly #contexts = new Map<string, BrowserContext>()
  #offhook: OffhookProcess

  private constructor(parts: {
    app: TestApp
    network: TcpProxy
    browser: Browser
    folder: string
    port: number
    offhook: OffhookProcess
  }) {
    this.app = parts.app
    this.network = parts.network
    this.#browser = parts.browser
    this.#folder = parts.folder
    this.#port = parts.port
    this.#offhook = parts.offhook
  }

  static async start(): Promise<BrowserWorld> {
    const folder = await mkdtemp(join(tmpdir(), 'offhook-sdk-'))
    const app = await startApp()
    const port = await freePort()
    const appUrl = `${app.origin}/hookbox`
    const offhook = await OffhookProcess.start({ ...secrets, folder, appUrl, port })
    const network = await startTcpProxy(`http://127.0.0.1:${port}`)
    const scripts = ['offhook', 'hookbox'].map(
      (name) => `<script src="${network.url}/static/${name}.js"></script>`,
    )
    app.route('/page', () => ({
      headers: { 'Content-Type': 'text/html; charset=utf-8' },
      body: `<!doctype html><title>page</title>${scripts.join('')}`,
    }))
    const browser = await launchChromium()
    return new BrowserWorld({ app, network, browser, folder, port, offhook })
  }

  /** A new tab of that user's browser profile. */
  async tab(user: string): Promise<Page> {
    const context = this.#contexts.get(user) ?? (await this.#browser.newContext())
    this.#contexts.set(user, context)
    const page = await context.newPage()
    page.on('pageerror', (error) => this.pageErrors.push(String(error)))
    await context.addCookies([{ name: 'user', value: user, url: this.app.origin }])
    await page.goto(`${this.app.origin}/page`)
    await page.evaluate((url) => Object.assign(globalThis, { url }), this.network.url)
    return page
  }

  async kill(): Promise<void> {
    await this.#offhook.kill()
  }

  /** Starts it again on the same port and data. */
  async restart(): Promise<void> {
    const appUrl = `${this.app.origin}/hookbox`
    const options = { ...secrets, folder: this.#folder, appUrl, port: this.#port }
    this.#offhook = await OffhookProcess.start(options)
  }

  async closeTabs(): Promise<void> {
    for (const context of this.#contexts.values()) await context.close()
    this.#contexts.clear()
  }

  async close(): Promise<void> {
    await this.closeTabs()
    await this.#browser.close()
    await this.network.close()
    await this.#offhook.stop()
    await this.app.close()
    await rm(this.#folder, { recursive: true, force: true })
  }
}
