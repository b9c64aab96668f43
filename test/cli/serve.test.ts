import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { createServer, type RequestListener } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, describe, expect, test } from 'vitest'
import { WebSocket } from 'ws'
import { builtCli, Child, type ChildOptions } from './child.ts'

const cleanups: (() => unknown)[] = []

afterEach(async () => {
  for (const end of cleanups.splice(0).reverse()) await end()
})

function start(args: readonly string[], options?: ChildOptions): Child {
  const child = new Child([builtCli(), ...args], options)
  cleanups.push(() => child.destroy())
  return child
}

function temporaryFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'offhook-cli-'))
  cleanups.push(() => rmSync(folder, { recursive: true, force: true }))
  return folder
}

async function listen(answer: RequestListener): Promise<number> {
  const server = createServer(answer).listen(0, '127.0.0.1')
  cleanups.push(() => new Promise((resolve) => server.close(resolve)))
  await once(server, 'listening')
  return (server.address() as AddressInfo).port
}

const onLoopback = ['--port', '0', '--interface', '127.0.0.1', '--store', 'memory']

async function urlOf(child: Child): Promise<string> {
  const [, url = ''] = await child.printed(/Listening on (http:\S+)/)
  return url
}

describe('serving', () => {
  test('says in one line each what is up and what is off', async () => {
    const port = await listen((_request, response) => response.end())
    const child = start([...onLoopback, '--app-url', `http://127.0.0.1:${port}/hooks`])
    const url = await urlOf(child)
    await child.printed(/^App: .*$/m)
    expect(child.stdout.split('\n')).toEqual([
      `Listening on ${url}`,
      'Store: memory (nothing lasts longer than this process)',
      'REST: off (--api-token turns it on)',
      'Talk: off (--talk-profile-url turns it on)',
      'Console: off',
      expect.stringMatching(/^Notice: neither --hook-secret nor --signing-secret/),
      `App: http://127.0.0.1:${port}/hooks (reachable)`,
      '',
    ])
    expect((await fetch(`${url}/health/ready`)).status).toBe(200)
    expect((await fetch(`${url}/static/hookbox.js`)).status).toBe(200)
  })

  test('says that the app is not there, and what follows', async () => {
    const child = start([...onLoopback, '--app-url', 'http://127.0.0.1:9/hooks'])
    const [line] = await child.printed(/^App: .*$/m)
    expect(line).toMatch(
      /^App: http:\/\/127\.0\.0\.1:9\/hooks is not reachable \(ECONNREFUSED\): .* refused\./,
    )
  })

  test('takes its settings from the environment and a file too', async () => {
    const child = start(['--port', '0', '--config', 'test/cli/fixtures/offhook.yaml'], {
      env: { OFFHOOK_API_TOKEN_FILE: 'test/cli/fixtures/token', OFFHOOK_WEB_API_PORT: '0' },
    })
    const url = await urlOf(child)
    const [, port] = await child.printed(/REST: on, port (\d+)/)
    const rest = new URL(`/web/get_server_info?security_token=from-a-file`, url)
    rest.port = port ?? ''
    const answer = await fetch(rest)
    expect(await answer.json()).toEqual([true, { channels: [], connections: [] }])
    expect(child.stdout).not.toContain('from-a-file')
  })

  test.each(['SIGTERM', 'SIGINT'] as const)('%s drains and ends with 0', async (signal) => {
    const child = start([...onLoopback])
    const url = await urlOf(child)
    const socket = new WebSocket(`${url.replace('http', 'ws')}/ws`)
    await once(socket, 'open')
    const closed = once(socket, 'close')
    child.process.kill(signal)
    const [code] = await closed
    expect(code).toBe(1012)
    expect(await child.ended).toBe(0)
    expect(child.stdout).toContain(`${signal}: finishing what is under way`)
    expect(child.stderr).toBe('')
  })

  test('a second signal ends at once, with 1', async () => {
    const arrived = Promise.withResolvers<void>()
    // A hook that nobody answers keeps the drain waiting.
    const port = await listen((request) => {
      if (request.url === '/connect') arrived.resolve()
      cleanups.push(() => void request.socket.destroy())
    })
    const child = start([...onLoopback, '--app-url', `http://127.0.0.1:${port}`])
    const url = await urlOf(child)
    const socket = new WebSocket(`${url.replace('http', 'ws')}/ws`)
    cleanups.push(() => socket.terminate())
    await once(socket, 'open')
    socket.send('[1,"CONNECT",{"cookie_string":""}]\r\n')
    await arrived.promise
    child.process.kill('SIGTERM')
    await child.printed(/once more ends at once/)
    child.process.kill('SIGTERM')
    expect(await child.ended).toBe(1)
  })

  test.each([
    ['--port', []],
    ['--web-api-port', ['--port', '0', '--api-token', 'x']],
  ])('a taken port is said in one line that names %s', async (flag, others) => {
    const port = await listen((_request, response) => response.end())
    const child = start([...onLoopback.slice(2), ...others, flag, String(port)])
    expect(await child.ended).toBe(1)
    expect(child.stderr).toBe(`offhook: port ${port} is in use; ${flag} takes another one\n`)
    expect(child.stdout).toBe('')
  })

  test('an address of another machine is said in one line', async () => {
    const child = start([...onLoopback, '--interface', '192.0.2.1'])
    expect(await child.ended).toBe(1)
    expect(child.stderr).toBe(
      'offhook: 192.0.2.1 is no address of this machine; --interface takes another one\n',
    )
  })

  test('a folder that another process holds is refused with its reason, in one line', async () => {
    const args = [...onLoopback, '--store', `level:${join(temporaryFolder(), 'data')}`]
    await urlOf(start(args))
    const second = start(args)
    expect(await second.ended).toBe(1)
    expect(second.stderr).toMatch(/^offhook: .*in use by another process.*\n$/)
  })
})

describe('offhook dev', () => {
  test('needs no app: the name is what the payload says', async () => {
    const folder = temporaryFolder()
    const child = start(['dev', '--port', '0'], { cwd: folder })
    const url = await urlOf(child)
    expect(new URL(url).hostname).toBe('127.0.0.1')
    await child.printed(/^App: none/m)
    const socket = new WebSocket(`${url.replace('http', 'ws')}/ws`)
    cleanups.push(() => socket.terminate())
    await once(socket, 'open')
    const answer = once(socket, 'message')
    socket.send(
      `${JSON.stringify([1, 'CONNECT', { cookie_string: '', payload: '{"name":"ann"}' }])}\r\n`,
    )
    const [, name, args] = JSON.parse(String((await answer)[0]))
    expect([name, args.name]).toEqual(['CONNECTED', 'ann'])
  })

  test('listens on loopback only', async () => {
    const child = start(['dev', '--interface', '0.0.0.0'])
    expect(await child.ended).toBe(2)
    expect(child.stderr).toContain('loopback only')
  })
})

describe('offhook hook', () => {
  test.each([
    ['[true, {}]', 0, 'Verdict: allowed'],
    ['[false, {"error": "members only"}]', 1, 'members only'],
  ])(
    'sends one real hook; an app that answers %s makes it end with %i',
    async (answer, code, text) => {
      const forms: [string | undefined, string | undefined, URLSearchParams][] = []
      const port = await listen(async (request, response) => {
        let body = ''
        for await (const part of request) body += part
        forms.push([request.url, request.headers.cookie, new URLSearchParams(body)])
        response.setHeader('content-type', 'application/json').end(answer)
      })
      const child = start(
        [
          'hook',
          'subscribe',
          '--channel',
          'room',
          '--user',
          'ann',
          '--cookie',
          'sessionid=1',
          '--app-url',
          `http://127.0.0.1:${port}/hooks`,
        ],
        { env: { OFFHOOK_HOOK_SECRET: 'geheim' } },
      )
      expect(await child.ended).toBe(code)
      expect(child.stdout).toContain(text)
      expect(child.stdout).not.toContain('geheim')
      expect(forms).toHaveLength(1)
      const [url, cookie, form] = forms[0] ?? []
      expect([url, cookie]).toEqual(['/hooks/subscribe', 'sessionid=1'])
      expect(Object.fromEntries(form ?? [])).toEqual({
        action: 'subscribe',
        channel_name: 'room',
        destination: 'room',
        user: 'ann',
        secret: 'geheim',
      })
    },
  )
})
