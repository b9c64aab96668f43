import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'

/** A process to start, and how it shows that it is up. */
export interface Command {
  readonly file: string
  readonly args: readonly string[]
  readonly env?: Readonly<Record<string, string>>
  /** The core it runs on; undefined: any. */
  readonly core?: number | undefined
  /** Matches the line of standard output that says the port. Without it `isUp` is asked. */
  readonly portLine?: RegExp
  /** Resolves with the port as soon as it listens. */
  readonly isUp?: () => Promise<number>
}

/** A process that listens. */
export interface Child {
  readonly pid: number
  readonly port: number
  /** From its start to listening. */
  readonly startMs: number
  signal(signal: NodeJS.Signals): void
  /** Ends it at once: what it kept is thrown away. */
  stop(): Promise<void>
}

const startTimeoutMs = 20_000
const maxErrorLines = 20
const running = new Set<ChildProcess>()
const folders = new Set<string>()

/** Starts a process on its core; resolves when it listens. Rejects with what it wrote to standard error. */
export async function startChild(command: Command): Promise<Child> {
  const startedAt = performance.now()
  const child = spawnOn(command)
  running.add(child)
  const ended = once(child, 'exit').then(() => running.delete(child))
  const errors = keepErrors(child)
  try {
    const port = await Promise.race([portOf(child, command), failure(child, ended, errors)])
    return {
      pid: child.pid ?? 0,
      port,
      startMs: performance.now() - startedAt,
      signal: (signal) => child.kill(signal),
      stop: () => stop(child, ended),
    }
  } catch (error) {
    await stop(child, ended)
    throw error
  }
}

/** A folder for one server's data. It goes with `removeFolder`, or with this process. */
export function makeFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'offhook-bench-'))
  folders.add(folder)
  return folder
}

/** Removes a folder that `makeFolder` made. */
export function removeFolder(folder: string): void {
  folders.delete(folder)
  rmSync(folder, { recursive: true, force: true })
}

/** From now on nothing that was started or made outlives this process. */
export function cleanUpAtExit(): void {
  process.on('exit', () => {
    for (const child of running) child.kill('SIGKILL')
    for (const folder of folders) rmSync(folder, { recursive: true, force: true })
  })
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
    process.on(signal, () => process.exit(1))
  }
}

function spawnOn({ file, args, env, core }: Command): ChildProcess {
  const [command, words] =
    core === undefined ? [file, args] : ['taskset', ['-c', String(core), file, ...args]]
  return spawn(command, words, {
    env: { ...process.env, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
}

function keepErrors(child: ChildProcess): string[] {
  const lines: string[] = []
  if (child.stderr === null) return lines
  createInterface({ input: child.stderr }).on('line', (line) => {
    lines.push(line)
    if (lines.length > maxErrorLines) lines.shift()
  })
  return lines
}

async function portOf(child: ChildProcess, { portLine, isUp }: Command): Promise<number> {
  if (isUp !== undefined) {
    child.stdout?.resume()
    return isUp()
  }
  if (child.stdout === null || portLine === undefined) throw new Error('nothing says the port')
  const lines = createInterface({ input: child.stdout })
  return new Promise((resolve) => {
    lines.on('line', (line) => {
      const port = portLine.exec(line)?.[1]
      if (port !== undefined) resolve(Number(port))
    })
  })
}

async function failure(
  child: ChildProcess,
  ended: Promise<unknown>,
  errors: readonly string[],
): Promise<never> {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise((resolve) => {
    timer = setTimeout(resolve, startTimeoutMs)
    timer.unref()
  })
  const spawned = once(child, 'error').then(([error]) => {
    running.delete(child)
    throw error
  })
  await Promise.race([ended, late, spawned])
  clearTimeout(timer)
  throw new Error(`${child.spawnargs.join(' ')} does not listen:\n${errors.join('\n')}`)
}

async function stop(child: ChildProcess, ended: Promise<unknown>): Promise<void> {
  if (child.pid === undefined || child.exitCode !== null || child.signalCode !== null) return
  child.kill('SIGKILL')
  await ended
}
