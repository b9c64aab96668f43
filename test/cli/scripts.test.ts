import { once } from 'node:events'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { type AddressInfo, createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { builtCli, Child, root, runChild } from './child.ts'

let folder = ''
const cleanups: (() => Promise<unknown>)[] = []

beforeEach(() => {
  builtCli()
  folder = mkdtempSync(join(tmpdir(), 'offhook-scripts-'))
})

afterEach(async () => {
  for (const end of cleanups.splice(0).reverse()) await end()
  rmSync(folder, { recursive: true, force: true })
})

/** A port that something listens on until the returned function is called. */
async function takePort(): Promise<{ port: number; free: () => Promise<void> }> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const free = async (): Promise<void> => {
    if (server.listening) await new Promise((resolve) => server.close(resolve))
  }
  cleanups.push(free)
  return { port: (server.address() as AddressInfo).port, free }
}

async function freePort(): Promise<number> {
  const { port, free } = await takePort()
  await free()
  return port
}

const startScript = join(root, 'scripts', 'start.mjs')

describe('npm start', () => {
  test('runs Offhook and the demo on loopback until a signal, and builds nothing twice', async () => {
    const [port, demoPort] = [await freePort(), await freePort()]
    const child = new Child([
      startScript,
      `--port=${port}`,
      '--demo-port',
      String(demoPort),
      '--store',
      `level:${join(folder, 'data')}`,
    ])
    cleanups.push(() => child.ended)
    cleanups.push(async () => child.process.kill('SIGTERM'))
    await child.printed(new RegExp(`Demo: http://127\\.0\\.0\\.1:${demoPort} `))
    await child.printed(new RegExp(`Offhook: http://127\\.0\\.0\\.1:${port} `))
    await child.printed(/App: .* \(reachable\)/)
    expect((await fetch(`http://127.0.0.1:${demoPort}/`)).status).toBe(200)
    expect((await fetch(`http://127.0.0.1:${port}/health/ready`)).status).toBe(200)
    expect(child.stderr).not.toMatch(/installing|building/)

    // npm passes on what the terminal has sent already: twice the same is one Ctrl-C.
    child.process.kill('SIGINT')
    child.process.kill('SIGINT')
    expect(await child.ended).toBe(0)
    await expect(fetch(`http://127.0.0.1:${demoPort}/`)).rejects.toThrow()
    await expect(fetch(`http://127.0.0.1:${port}/health/live`)).rejects.toThrow()
  })

  test.each([
    ['--port', 'npm start -- --port 8002'],
    ['--demo-port', 'npm start -- --demo-port 8010'],
  ])('says in one line that the port of %s is in use', async (flag, command) => {
    const { port } = await takePort()
    const ports = new Map([
      ['--port', await freePort()],
      ['--demo-port', await freePort()],
    ]).set(flag, port)
    const args = [...ports].flatMap(([name, value]) => [name, String(value)])
    expect(await runChild([startScript, ...args])).toEqual({
      code: 1,
      stdout: '',
      stderr: `offhook: port ${port} is in use; take another one: ${command}\n`,
    })
  })

  test('ends with both when one of them fails', async () => {
    const [port, demoPort] = [await freePort(), await freePort()]
    const args = ['--port', String(port), '--demo-port', String(demoPort), '--store', 'mysql']
    const { code, stderr } = await runChild([startScript, ...args])
    expect(code).toBe(2)
    expect(stderr).toContain('--store must be level:FOLDER or memory')
    await expect(fetch(`http://127.0.0.1:${demoPort}/`)).rejects.toThrow()
  })
})

describe('npm test', () => {
  /** Runs the script on test files of its own; answers its exit code and last line. */
  async function runTests(
    files: Readonly<Record<string, string>>,
  ): Promise<{ code: unknown; last: string | undefined }> {
    for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, name), text)
    const script = join(root, 'scripts', 'test.mjs')
    const { code, stdout } = await runChild([script, '--root', folder, '--globals'], {
      // The runner must not believe that it is one of its own workers.
      env: { VITEST: '', VITEST_WORKER_ID: '', VITEST_POOL_ID: '' },
    })
    return { code, last: stdout.trimEnd().split('\n').at(-1) }
  }

  const passing = "test('passes', () => {})\n"

  test('ends with the count of what passed', async () => {
    const files = { 'a.test.ts': passing.repeat(2), 'b.test.ts': passing }
    expect(await runTests(files)).toEqual({ code: 0, last: '3 passed, 0 failed' })
  })

  test('counts what failed and what was skipped, and fails', async () => {
    const failing =
      "test('fails', () => { throw new Error('so') })\ntest.skip('later', () => {})\ntest.todo('some day')\n"
    expect(await runTests({ 'a.test.ts': passing + failing })).toEqual({
      code: 1,
      last: '1 passed, 1 failed, 2 skipped',
    })
  })

  test('counts a file that cannot be loaded as a failure', async () => {
    const files = { 'a.test.ts': passing, 'b.test.ts': "import './nowhere.ts'\n" }
    expect(await runTests(files)).toEqual({ code: 1, last: '1 passed, 1 failed' })
  })

  test('fails where no test was run', async () => {
    expect(await runTests({ 'a.test.ts': "test.skip('later', () => {})\n" })).toEqual({
      code: 1,
      last: '0 passed, 0 failed, 1 skipped',
    })
    expect(await runTests({ 'a.test.ts': '' })).toEqual({ code: 1, last: '0 passed, 1 failed' })
  })

  test('fails where an error comes from outside the tests', async () => {
    const files = { 'a.test.ts': `${passing}queueMicrotask(() => { throw new Error('stray') })\n` }
    expect(await runTests(files)).toEqual({ code: 1, last: '1 passed, 0 failed' })
  })
})
