import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'

/** An Offhook of its own process, to be killed. */
export interface ServerProcess {
  readonly url: string
  /** `kill -9`, and waits for the end. */
  kill(): Promise<void>
}

const runner = new URL('run-server.ts', import.meta.url).pathname

/** Starts `run-server.ts` with these flags; resolves when it listens. */
export async function startServerProcess(args: readonly string[]): Promise<ServerProcess> {
  const child = spawn(process.execPath, [runner, ...args], { stdio: ['ignore', 'pipe', 'inherit'] })
  const url = await listeningUrl(child)
  return {
    url,
    async kill() {
      const ended = once(child, 'exit')
      child.kill('SIGKILL')
      await ended
    },
  }
}

async function listeningUrl(child: ChildProcess): Promise<string> {
  if (child.stdout === null) throw new Error('no stdout')
  for await (const line of createInterface({ input: child.stdout })) {
    if (line.startsWith('listening ')) return line.slice('listening '.length)
  }
  throw new Error('the server process ended before it listened')
}
