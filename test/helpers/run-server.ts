import { readFileSync } from 'node:fs'
import { readConfig } from '../../src/config/read-config.ts'
import { createServer } from '../../src/server.ts'

// A server in a process of its own; says on stdout where it listens.
const { config } = await readConfig({
  argv: process.argv.slice(2),
  env: {},
  readFile: (path) => readFileSync(path, 'utf8'),
})
const server = await createServer(config)
process.stdout.write(`listening ${server.url}\n`)
