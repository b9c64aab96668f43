import { afterEach, describe, expect, it } from 'vitest'
import {
  answerWith,
  type HookServer,
  hookSettings,
  type Respond,
  startHookServer,
} from '../../test/fixtures/hook-server.ts'
import { Failure, HookFailure } from '../core/errors.ts'
import type { Notice } from '../core/ports.ts'
import { createApp, type HttpApp } from './app.ts'
import type { HookSettings } from './settings.ts'

const open: { close(): Promise<void> }[] = []
afterEach(async () => {
  await Promise.all(open.splice(0).map((one) => one.close()))
})

const vector: Notice = {
  id: 'msg_p5jXN8AQM9LWM0D4loKWxJek',
  kind: 'push_call',
  due: 0,
  body: '{"test": 2432232314}',
  tries: 0,
}

async function start(
  respond: Respond,
  change: Partial<HookSettings> = {},
): Promise<{ app: HttpApp; server: HookServer }> {
  const server = await startHookServer(respond)
  const talkPushUrl = `http://127.0.0.1:${server.port}/push/?from=chat#x`
  const app = createApp(hookSettings(server.port, { talkPushUrl, ...change }), {
    now: () => 1_614_265_330_999,
  })
  open.push(server, app)
  return { app, server }
}

function end(status: number, body = ''): Respond {
  return (_received, response) => response.writeHead(status).end(body)
}

describe('a push call', () => {
  it('is the body as it is, signed as the test vector of Standard Webhooks', async () => {
    const { app, server } = await start(end(204), {
      hookSecret: 's3cret',
      signingSecret: ['whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw'],
    })
    await app.tell(vector, { cookies: 'a=1', token: 'bearer', address: '192.0.2.1' })
    const [received] = server.received
    expect(received).toMatchObject({
      method: 'POST',
      path: '/push/?from=chat',
      body: '{"test": 2432232314}',
      headers: {
        'content-type': 'application/json',
        'webhook-id': 'msg_p5jXN8AQM9LWM0D4loKWxJek',
        'webhook-timestamp': '1614265330',
        'webhook-signature': 'v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=',
        'accept-encoding': 'identity',
      },
    })
    for (const header of ['cookie', 'authorization', 'x-real-ip']) {
      expect(received?.headers).not.toHaveProperty(header)
    }
  })

  it('has an id and no signature without a signing secret, and keeps every character', async () => {
    const { app, server } = await start(end(200))
    await app.tell({ ...vector, body: '{"body":"ä 😀"}' }, {})
    expect(server.received[0]?.body).toBe('{"body":"ä 😀"}')
    expect(server.received[0]?.headers).toHaveProperty('webhook-id', vector.id)
    expect(server.received[0]?.headers).not.toHaveProperty('webhook-signature')
  })

  it('names another host only where the push URL is on the origin of the hooks', async () => {
    const { app, server } = await start(end(200), { appHostHeader: 'app.example.com' })
    await app.tell(vector, {})
    app.configure({ cbPort: 1 })
    await app.tell(vector, {})
    expect(server.received.map(({ headers }) => headers.host)).toEqual([
      'app.example.com',
      `127.0.0.1:${server.port}`,
    ])
  })

  it.each([200, 201, 202, 204])('is done with status %i', async (status) => {
    const { app } = await start(end(status, 'whatever'))
    await expect(app.tell(vector, {})).resolves.toBeUndefined()
  })

  it.each<[Respond, string, RegExp]>([
    [end(500, 'oops'), 'status', /own log/],
    [end(404), 'status', /--talk-push-url/],
    [end(302), 'redirect', /no login/],
    [end(403), 'status', /CSRF.*--signing-secret/],
    [end(405), 'status', /POST/],
    [end(400), 'status', /JSON object/],
    [() => undefined, 'timeout', /--hook-timeout/],
    [(_received, response) => response.socket?.destroy(), 'refused_connection', /--talk-push-url/],
  ])('%# is failed by anything else, with a hint of its own', async (respond, reason, hint) => {
    const { app } = await start(respond, { hookTimeoutMs: 150 })
    const error = await app.tell(vector, {}).catch((thrown: unknown) => thrown)
    expect(error).toBeInstanceOf(HookFailure)
    expect(error).toMatchObject({
      reason,
      requestId: vector.id,
      hint: expect.stringMatching(hint),
      message: expect.stringMatching(/^the push /),
    })
  })

  it('that the app echoes shows no secret', async () => {
    const { app } = await start(end(500, 'it was s3cret'), { hookSecret: 's3cret' })
    const error = await app.tell(vector, {}).catch((thrown: unknown) => thrown)
    expect(String((error as Error).cause)).toContain('it was ***')
  })

  it('is a failure without a push URL, so that it is tried again and kept in the end', async () => {
    const { app, server } = await start(end(200), { talkPushUrl: '' })
    const error = await app.tell(vector, {}).catch((thrown: unknown) => thrown)
    expect(error).toBeInstanceOf(Failure)
    expect(error).toMatchObject({ message: expect.stringContaining('--talk-push-url') })
    expect(server.received).toEqual([])
  })

  it('keeps its link when the hooks are sent elsewhere', async () => {
    const { app, server } = await start(answerWith({}))
    await app.tell(vector, {})
    await new Promise((resolve) => setImmediate(resolve))
    app.configure({ cbPort: 1, cbPath: '/other' })
    await app.tell(vector, {})
    expect(server.links()).toBe(1)
  })

  it('is what a push is expanded into: that itself is never sent', async () => {
    const { app, server } = await start(end(200))
    await expect(app.tell({ ...vector, kind: 'push' }, {})).rejects.toBeInstanceOf(Failure)
    expect(server.received).toEqual([])
  })
})

it('settings with a push URL that is none are refused', () => {
  expect(() => createApp(hookSettings(1, { talkPushUrl: 'push' }))).toThrow(TypeError)
})
