// Processes that live and end together.
import { spawn } from 'node:child_process'
import { nodeCommand, root } from './run-node.mjs'

/** npm passes on a Ctrl-C that the terminal has already sent to everybody. */
const sameSignalMs = 500

/** Children of this process. When one ends, or a signal comes, all are asked to end; the process goes with the last. */
export class Children {
  #running = new Set()
  #exitCode = 0
  #stoppingSince = 0

  constructor() {
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => this.#signal())
  }

  /** Starts a script of Node; its standard output is a pipe. */
  start(args, env) {
    const child = spawn(nodeCommand(), args, {
      cwd: root,
      env: { ...process.env, ...env },
      stdio: ['ignore', 'pipe', 'inherit'],
      // In a group of its own: Ctrl-C would reach it beside our signal, and a second one ends without draining.
      detached: process.platform !== 'win32',
    })
    this.#running.add(child)
    child.once('exit', (code) => this.#ended(child, code ?? 1))
    return child
  }

  #signal() {
    if (this.#stoppingSince === 0) this.#stop()
    else if (Date.now() - this.#stoppingSince > sameSignalMs) this.#kill('SIGKILL')
  }

  #ended(child, code) {
    this.#running.delete(child)
    if (this.#stoppingSince === 0) {
      this.#exitCode = code
      this.#stop()
    } else if (code !== 0 && this.#exitCode === 0) this.#exitCode = code
    if (this.#running.size === 0) process.exit(this.#exitCode)
  }

  #stop() {
    this.#stoppingSince = Date.now()
    this.#kill('SIGTERM')
  }

  #kill(signal) {
    for (const child of this.#running) child.kill(signal)
  }
}
