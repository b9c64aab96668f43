import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'

/** How the child is started. */
export interface OffhookOptions {
  readonly port: number
  readonly appUrl: string
  readonly hookSecret: string
  readonly apiToken: string
  /** Further options, as variables. */
  readonly env?: Readonly<Record<string, string>>
  /** Data folder; outlives the process. */
  readonly folder: string
}

const cli = fileURLToPath(new URL('../../dist/cli.js', import.meta.url))
const startTimeoutMs = 15_000

/** The built Offhook as a process of its own, as users run it. */
export class OffhookProcess {
  readonly #child: ChildProcess
  #output = ''

  private constructor(child: ChildProcess) {
    this.#child = child
    const collect = (chunk: Buffer) => {
      this.#output += chunk
    }
    child.stdout?.on('data', collect)
    child.stderr?.on('data', collect)
  }

  /** Starts it and waits until it is ready. Rejects with all it printed. */
  static async start(options: OffhookOptions): Promise<OffhookProcess> {
    const flags = [
      `--port=${options.port}`,
      '--interface=127.0.0.1',
      `--app-url=${options.appUrl}`,
      `--store=level:${options.folder}`,
    ]
    const child = spawn(process.execPath, [cli, ...flags], {
      env: {
        ...process.env,
        OFFHOOK_HOOK_SECRET: options.hookSecret,
        OFFHOOK_API_TOKEN: options.apiToken,
        ...options.env,
      },
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    const offhook = new OffhookProcess(child)
    await offhook.#ready(`http://127.0.0.1:${options.port}/health/ready`)
    return offhook
  }

  /** Ends it as `kill` does (drain) and waits for its end. */
  async stop(): Promise<void> {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return
    const ended = once(this.#child, 'exit')
    this.#child.kill('SIGTERM')
    await ended
  }

  /** Ends it at once, with nothing finished. */
  async kill(): Promise<void> {
    const ended = once(this.#child, 'exit')
    this.#child.kill('SIGKILL')
    await ended
  }

  async #ready(url: string): Promise<void> {
    const deadline = Date.now() + startTimeoutMs
    while (Date.now() < deadline && this.#child.exitCode === null) {
      const response = await fetch(url).catch(() => undefined)
      await response?.body?.cancel()
      if (response?.ok) return
      await new Promise((next) => setTimeout(next, 50))
    }
    this.#child.kill('SIGKILL')
    throw new Error(`Offhook did not start:\n${this.#output}`)
  }
}
