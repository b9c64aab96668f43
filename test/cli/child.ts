import { type ChildProcess, spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import { join } from 'node:path'

/** The repository's folder. */
export const root: string = join(import.meta.dirname, '..', '..')

/** The built command. */
const cliFile: string = join(root, 'dist', 'cli.js')

/** How a process is started. */
export interface ChildOptions {
  readonly env?: Readonly<Record<string, string>>
  readonly cwd?: string
}

/** A child process whose output is kept and can be waited for. */
export class Child {
  stdout = ''
  stderr = ''
  readonly process: ChildProcess
  /** Resolves with the exit code when all output has come, or with the signal that ended it. */
  readonly ended: Promise<number | NodeJS.Signals | null>
  #onOutput = new Set<() => void>()

  constructor(args: readonly string[], options: ChildOptions = {}) {
    const { NODE_OPTIONS: _, ...inherited } = process.env
    this.process = spawn(process.execPath, args, {
      cwd: options.cwd ?? root,
      env: { ...withoutOffhook(inherited), ...options.env },
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    this.process.stdout?.on('data', (part: Buffer) => this.#add('stdout', part))
    this.process.stderr?.on('data', (part: Buffer) => this.#add('stderr', part))
    this.ended = new Promise((resolve, reject) => {
      this.process.once('error', reject)
      this.process.once('close', (code, signal) => {
        resolve(code ?? signal)
        this.#notify()
      })
    })
  }

  /** The first match in what has been or will be printed on standard output. Rejects if the process ends without. */
  async printed(pattern: RegExp): Promise<RegExpExecArray> {
    for (;;) {
      const match = pattern.exec(this.stdout)
      if (match) return match
      if (this.process.exitCode !== null || this.process.signalCode !== null) {
        await this.ended
        const late = pattern.exec(this.stdout)
        if (late) return late
        throw new Error(`ended without printing ${pattern}:\n${this.stdout}\n${this.stderr}`)
      }
      await new Promise<void>((resolve) => this.#onOutput.add(resolve))
    }
  }

  /** Ends it, whatever it is doing. */
  async destroy(): Promise<void> {
    this.process.kill('SIGKILL')
    await this.ended
  }

  #add(stream: 'stdout' | 'stderr', part: Buffer): void {
    this[stream] += part.toString('utf8')
    this.#notify()
  }

  #notify(): void {
    const waiting = [...this.#onOutput]
    this.#onOutput.clear()
    for (const wake of waiting) wake()
  }
}

/** Runs a script of Node to its end. */
export async function runChild(
  args: readonly string[],
  options?: ChildOptions,
): Promise<{ code: number | NodeJS.Signals | null; stdout: string; stderr: string }> {
  const child = new Child(args, options)
  const code = await child.ended
  return { code, stdout: child.stdout, stderr: child.stderr }
}

/** Runs the built command to its end. */
export function runOffhook(...args: string[]): ReturnType<typeof runChild> {
  return runChild([builtCli(), ...args])
}

/** The built command; without a build its tests cannot say anything. */
export function builtCli(): string {
  if (!existsSync(cliFile))
    throw new Error('not built yet: run `npm run build`, or all tests by `npm test`')
  return cliFile
}

/** Settings of whoever runs the tests are not the tests'. */
function withoutOffhook(env: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  return Object.fromEntries(Object.entries(env).filter(([name]) => !name.startsWith('OFFHOOK_')))
}
