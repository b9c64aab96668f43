// Plain JavaScript for Node 20: these scripts run before anything is installed.
import { spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

/** The repository's folder. */
export const root = fileURLToPath(new URL('..', import.meta.url))

/** A Node new enough for Offhook: this one, else the one that the devDependencies pin. */
export function nodeCommand() {
  if (Number(process.versions.node.split('.')[0]) >= 24) return process.execPath
  const pinned = `${root}node_modules/node/bin/node`
  if (existsSync(pinned)) return pinned
  throw new Error('Offhook needs Node.js 24 or newer, and node_modules has none: run `npm ci`')
}

/** Runs a script of Node to its end; answers its exit code. */
export function runNode(args, options = {}) {
  return runToEnd(nodeCommand(), args, options)
}

/** Runs npm to its end with the Node that runs this; answers its exit code. */
export function runNpm(args, options = {}) {
  const cli = process.env.npm_execpath
  return cli?.endsWith('.js')
    ? runToEnd(process.execPath, [cli, ...args], options)
    : runToEnd('npm', args, { shell: process.platform === 'win32', ...options })
}

function runToEnd(command, args, options) {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, { cwd: root, stdio: 'inherit', ...options })
    child.once('error', reject)
    child.once('exit', (code, signal) => resolve(signal ? 1 : (code ?? 1)))
  })
}
