// `npm start`: Offhook with its embedded store, and the demo app, both on 127.0.0.1 with secrets made at random.
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { Children } from './children.mjs'
import { ensureBuilt, ensureInstalled } from './ready.mjs'
import { root } from './run-node.mjs'

const host = '127.0.0.1'
const { port, demoPort, rest } = readArguments(process.argv.slice(2))

await needFreePort(port, '--port 8002')
await needFreePort(demoPort, '--demo-port 8010')
await ensureInstalled()
await ensureBuilt()
await run()

/** Takes the two ports out; the rest is for Offhook. */
function readArguments(argv) {
  const ports = { '--port': '8001', '--demo-port': '8000' }
  const others = []
  for (const tokens = [...argv]; tokens.length > 0; ) {
    const token = tokens.shift()
    const [name, value] = token.split(/=(.*)/s)
    const flag = name === '-p' ? '--port' : name
    if (Object.hasOwn(ports, flag)) ports[flag] = value ?? tokens.shift()
    else others.push(token)
  }
  for (const [flag, text] of Object.entries(ports)) needPort(flag, text)
  if (ports['--port'] === ports['--demo-port']) fail('--port and --demo-port must differ', 2)
  return { port: Number(ports['--port']), demoPort: Number(ports['--demo-port']), rest: others }
}

function needPort(flag, text) {
  const isPort = /^\d{1,5}$/.test(text ?? '') && Number(text) > 0 && Number(text) < 65_536
  if (!isPort) fail(`${flag} takes a port, as in: npm start -- ${flag} 8010`, 2)
}

/** Said before anything slow is done. */
function needFreePort(number, example) {
  return new Promise((resolve) => {
    const probe = createServer()
    probe.once('error', (error) => {
      if (error.code !== 'EADDRINUSE') fail(`port ${number}: ${error.message}`, 1)
      fail(`port ${number} is in use; take another one: npm start -- ${example}`, 1)
    })
    probe.listen(number, host, () => probe.close(resolve))
  })
}

async function run() {
  const secrets = {
    OFFHOOK_HOOK_SECRET: randomBytes(24).toString('hex'),
    OFFHOOK_API_TOKEN: randomBytes(24).toString('hex'),
    OFFHOOK_SIGNING_SECRET: `whsec_${randomBytes(32).toString('base64')}`,
  }
  const demoUrl = `http://${host}:${demoPort}`
  const children = new Children()
  const demo = children.start([join(root, 'demo', 'main.ts')], {
    ...secrets,
    PORT: String(demoPort),
    OFFHOOK_URL: `http://${host}:${port}`,
  })
  await once(demo.stdout, 'data')
  const offhook = children.start([join(root, 'dist', 'cli.js'), ...rest], {
    ...secrets,
    OFFHOOK_PORT: String(port),
    OFFHOOK_INTERFACE: host,
    OFFHOOK_APP_URL: `${demoUrl}/hookbox`,
    OFFHOOK_TALK_PROFILE_URL: `${demoUrl}/profile`,
    OFFHOOK_TALK_PUSH_URL: `${demoUrl}/push`,
    // All rooms are made by the demo app: talk's clients enter them, and make none of their own.
    OFFHOOK_TALK_ROOMS: 'room:lobby',
    // Who closes the window is away soon, and told of by pushes.
    OFFHOOK_RESUME_WINDOW: '5',
  })
  offhook.stdout.pipe(process.stdout)
  await once(offhook.stdout, 'data')
  say(`Demo: ${demoUrl} (open it in two windows)`)
  say(`Offhook: http://${host}:${port} (Ctrl-C stops both)`)
}

function say(line) {
  process.stdout.write(`${line}\n`)
}

function fail(line, code) {
  process.stderr.write(`offhook: ${line}\n`)
  process.exit(code)
}
