import { afterEach, expect, it } from 'vitest'
import {
  answerWith,
  type HookServer,
  hookSettings,
  type Respond,
  startHookServer,
} from '../../test/fixtures/hook-server.ts'
import { type HookCommand, runHookCommand } from './hook-command.ts'

const servers: HookServer[] = []
afterEach(async () => {
  await Promise.all(servers.splice(0).map((server) => server.close()))
})

async function run(
  respond: Respond,
  command: Partial<HookCommand> = {},
): Promise<{ code: number; text: string; server: HookServer }> {
  const server = await startHookServer(respond)
  servers.push(server)
  const lines: string[] = []
  const code = await runHookCommand({
    hook: 'subscribe',
    fields: { channel: 'room', user: 'ann' },
    cookie: 'sessionid=c00kie',
    settings: hookSettings(server.port, {
      hookSecret: 's3cret',
      signingSecret: ['whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw'],
    }),
    write: (line) => lines.push(line),
    ...command,
  })
  return { code, text: lines.join('\n'), server }
}

it('sends one real, signed hook and shows all of it but the secrets', async () => {
  const { code, text, server } = await run(answerWith([true, { initial_data: 1, echo: 's3cret' }]))
  expect(code).toBe(0)
  expect(server.received).toHaveLength(1)
  expect(server.received[0]?.headers).toMatchObject({ cookie: 'sessionid=c00kie' })
  expect(server.received[0]?.headers['webhook-signature']).toMatch(/^v1,/)
  expect(server.received[0]?.form.slice(0, 4)).toEqual([
    ['action', 'subscribe'],
    ['channel_name', 'room'],
    ['destination', 'room'],
    ['user', 'ann'],
  ])
  expect(text).toContain(`POST http://127.0.0.1:${server.port}/hookbox/subscribe`)
  expect(text).toContain('  cookie: sessionid=***')
  expect(text).toContain('  secret=***')
  expect(text).toContain('Answer: status 200, application/json')
  expect(text).toContain('[true,{"initial_data":1,"echo":"***"}]')
  expect(text).toContain('Verdict: allowed.')
  expect(text).not.toMatch(/s3cret|c00kie|whsec_/)
})

it('sends no payload that is no JSON, as Offhook never would', async () => {
  const { code, text, server } = await run(answerWith([true, {}]), {
    hook: 'publish',
    fields: { channel: 'room', user: 'ann', payload: '{bad' },
  })
  expect([code, server.received.length]).toEqual([1, 0])
  expect(text).toContain('--payload must be JSON')
})

it('ends with 1 where the app refuses', async () => {
  const { code, text } = await run(answerWith([false, { error: 'no\u001b[2J' }]))
  expect(code).toBe(1)
  expect(text).toContain('Verdict: refused. The client sees "no\\u001b[2J".')
})

it('says what to do where the answer is none', async () => {
  const { code, text } = await run((_received, response) =>
    response.writeHead(302, { location: '/login' }).end('c00kie'),
  )
  expect(code).toBe(1)
  expect(text).toContain('Answer: status 302')
  expect(text).toContain('cause: redirect')
  expect(text).toMatch(/Hint: .*no login/)
  expect(text).not.toContain('c00kie')
})

it('says what to do where nobody listens', async () => {
  const { code, text } = await run(answerWith([true, {}]), { settings: hookSettings(1) })
  expect(code).toBe(1)
  expect(text).toContain('cause: refused_connection')
  expect(text).toContain('Error: ECONNREFUSED')
  expect(text).toMatch(/Hint: Is the app running/)
})

it('speaks of the missing cookie where a connect is refused', async () => {
  const { text } = await run(answerWith([false, {}]), { hook: 'connect', fields: {}, cookie: '' })
  expect(text).toContain('Hint: The connect hook carried no cookie')
})

it('tells of a disconnect', async () => {
  const { code, server } = await run(answerWith(''), { hook: 'disconnect' })
  expect(code).toBe(0)
  expect(server.received[0]?.form.slice(0, 3)).toEqual([
    ['action', 'disconnect'],
    ['name', 'ann'],
    ['channels', '["room"]'],
  ])
})

it.each(['publish', 'message', 'connect', 'create_channel', 'destroy_channel', 'unsubscribe'])(
  'sends a %s hook with every field of the contract',
  async (hook) => {
    const fields = { channel: 'room', user: 'ann', recipient: 'bob', payload: '{"a":1}' }
    const { code, server } = await run(answerWith([true, {}]), { hook, fields })
    expect(code).toBe(0)
    const names = server.received[0]?.form.map(([field]) => field)
    expect(names).toEqual(['action', ...(contract[hook] ?? []), 'secret'])
  },
)

const contract: Record<string, string[]> = {
  connect: ['conn_id', 'payload'],
  create_channel: ['channel_name', 'destination'],
  destroy_channel: ['channel_name', 'destination'],
  unsubscribe: ['channel_name', 'destination', 'user'],
  publish: ['channel_name', 'destination', 'payload', 'originator'],
  message: ['sender', 'recipient', 'recipient_exists', 'payload'],
}

it('knows no other hook', async () => {
  const { code, text, server } = await run(answerWith([true, {}]), { hook: '__proto__' })
  expect(code).toBe(1)
  expect(text).toContain('Hooks: connect, create_channel')
  expect(server.received).toEqual([])
})

it('says that a cookie cannot be sent', async () => {
  const { code, text } = await run(answerWith([true, {}]), { cookie: 'a=\n' })
  expect(code).toBe(1)
  expect(text).toContain('Not sent: ')
})
