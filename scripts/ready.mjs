// What has to be there before Offhook can start: dependencies and a build, each made only if missing or stale.
import { createHash } from 'node:crypto'
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { root, runNode, runNpm } from './run-node.mjs'

/** What the build reads. */
const buildInputs = [
  'src',
  'scripts',
  'package.json',
  'package-lock.json',
  'tsconfig.json',
  'tsconfig.build.json',
  'tsconfig.client-build.json',
  'tsconfig.pure.json',
]
const stamp = join(root, 'dist', '.stamp')

/** Installs what the lock file of a folder says, if it is not there. Ends the process where that fails. */
export async function ensureInstalled(folder = root) {
  if (isInstalled(folder)) return
  say('installing dependencies …')
  // Not `npm ci`: it refuses a lock file made where a registry had no packages for other platforms.
  await need(
    runNpm(['install', '--no-save', '--no-audit', '--no-fund', '--loglevel=error'], {
      cwd: folder,
    }),
    'npm install',
  )
}

/** Builds if a source has changed since the last build. Ends the process where that fails. */
export async function ensureBuilt() {
  if (isBuilt()) return
  say('building …')
  await need(runNode([join(root, 'scripts', 'build.mjs')]), 'the build')
}

/** Whether dist/ was made from the sources as they are. */
export function isBuilt() {
  return existsSync(stamp) && readFileSync(stamp, 'utf8') === hashOfInputs()
}

/** Writes down what the build in `folder` was made from. */
export function stampBuild(folder) {
  writeFileSync(join(folder, '.stamp'), hashOfInputs())
}

/** npm keeps a copy of the lock file of what it installed. */
function isInstalled(folder) {
  const installed = packagesOf(join(folder, 'node_modules', '.package-lock.json'))
  const locked = packagesOf(join(folder, 'package-lock.json'))
  return Object.entries(locked).every(
    ([path, { version, optional }]) =>
      path === '' || optional || installed[path]?.version === version,
  )
}

function packagesOf(file) {
  return existsSync(file) ? (JSON.parse(readFileSync(file, 'utf8')).packages ?? {}) : {}
}

function hashOfInputs() {
  const hash = createHash('sha256')
  for (const input of buildInputs) addToHash(hash, input)
  return hash.digest('hex')
}

function addToHash(hash, path) {
  const full = join(root, path)
  if (path.endsWith('.test.ts') || !existsSync(full)) return
  if (path.includes('.')) {
    hash.update(`${path}\0`).update(readFileSync(full)).update('\0')
    return
  }
  for (const name of readdirSync(full).sort()) addToHash(hash, `${path}/${name}`)
}

async function need(running, what) {
  const code = await running
  if (code === 0) return
  say(`${what} failed`)
  process.exit(code)
}

function say(line) {
  process.stderr.write(`offhook: ${line}\n`)
}
