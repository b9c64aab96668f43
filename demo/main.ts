import { randomBytes } from 'node:crypto'
import { createDemo } from './app.ts'

/**
 * Starts the demo app from its environment: PORT (8000), OFFHOOK_URL (http://127.0.0.1:8001), OFFHOOK_HOOK_SECRET,
 * OFFHOOK_SIGNING_SECRET and OFFHOOK_API_TOKEN. It listens on loopback only: anybody can log in as anybody.
 */
const {
  PORT: port = '8000',
  OFFHOOK_URL: offhookUrl = 'http://127.0.0.1:8001',
  OFFHOOK_HOOK_SECRET: hookSecret,
  OFFHOOK_API_TOKEN: apiToken,
  OFFHOOK_SIGNING_SECRET: signingSecret,
} = process.env

if (!hookSecret || !signingSecret || !apiToken) {
  const needed = 'OFFHOOK_HOOK_SECRET, OFFHOOK_SIGNING_SECRET and OFFHOOK_API_TOKEN'
  process.stderr.write(`demo: ${needed} must be set\n`)
  process.exit(2)
}

const server = createDemo({
  offhookUrl: offhookUrl.replace(/\/+$/, ''),
  hookSecret,
  apiToken,
  signingSecret,
  sessionKey: randomBytes(32).toString('hex'),
})

server.on('error', (error: NodeJS.ErrnoException) => {
  const taken = `port ${port} is in use, choose another one with PORT`
  process.stderr.write(`demo: ${error.code === 'EADDRINUSE' ? taken : error.message}\n`)
  process.exit(1)
})

server.listen(Number(port), '127.0.0.1', () => {
  const address = server.address()
  const bound = typeof address === 'object' && address !== null ? address.port : port
  process.stdout.write(`demo: http://127.0.0.1:${bound}\n`)
})

for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  process.once(signal, () => {
    server.close()
    server.closeAllConnections()
  })
}
