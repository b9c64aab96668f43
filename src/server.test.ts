import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createLocalBusHub } from './buses/local.ts'
import { readConfig } from './config/read-config.ts'
import { createServer } from './server.ts'

let folder: string

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'offhook-server-'))
})
afterAll(() => rm(folder, { recursive: true, force: true }))

/** A server without an app, on a free port of loopback. */
async function configOf(...argv: string[]) {
  const door = ['--port', '0', '--interface', '127.0.0.1', '--api-token', 'token']
  const read = await readConfig({ argv: [...door, ...argv], env: {}, readFile: () => '' })
  return read.config
}

describe('a server one of whose parts cannot be closed', () => {
  it('says so, and closes all others all the same', async () => {
    const config = await configOf(
      '--store',
      `level:${join(folder, 'data')}`,
      '--log-level',
      'error',
    )
    const bus = createLocalBusHub().bus('broken')
    bus.close = () => Promise.reject(new Error('the bus does not close'))
    const broken = await createServer(config, { bus })
    await expect(broken.close()).rejects.toThrow('the bus does not close')
    // Whoever still held the folder would keep this one from starting.
    const next = await createServer(config)
    await next.close()
  })
})

describe('a limit that a call of REST reaches', () => {
  it('is in the log with the flag to raise', async () => {
    const log = join(folder, 'log')
    const config = await configOf('--store', 'memory', '--max-channels', '1', '-E', log)
    const server = await createServer(config)
    const create = async (name: string) => {
      const call = `${server.url}/web/create_channel?security_token=token&channel_name=${name}`
      return (await fetch(call)).json()
    }
    expect(await create('one')).toEqual([true, {}])
    expect(await create('two')).toEqual([false, { msg: 'Too many channels' }])
    await server.close()
    expect(await readFile(log, 'utf8')).toContain('--max-channels')
  })
})
