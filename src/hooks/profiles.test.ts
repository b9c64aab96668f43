import { afterEach, describe, expect, it } from 'vitest'
import {
  answerWith,
  type HookServer,
  type Respond,
  startHookServer,
} from '../../test/fixtures/hook-server.ts'
import { HookFailure } from '../core/errors.ts'
import type { Telemetry } from '../core/ports.ts'
import { createTelemetry } from '../telemetry/index.ts'
import { createProfiles, type HttpProfiles, type ProfileParts } from './profiles.ts'
import type { ProfileSettings } from './settings.ts'

const open: { close(): Promise<void> }[] = []
afterEach(async () => {
  await Promise.all(open.splice(0).map((one) => one.close()))
})

/** Settings with the defaults of the configuration. */
function profileSettings(url: string, change: Partial<ProfileSettings> = {}): ProfileSettings {
  return {
    talkProfileUrl: url,
    talkProfileTtlMs: 30_000,
    talkUserKey: '',
    talkUserPrefix: '',
    talkProfileFields: ['id', 'username', 'name', 'avatar'],
    hookOrigins: [],
    appHostHeader: '',
    cbInsecure: false,
    hookTimeoutMs: 10_000,
    maxHooksInFlight: 256,
    maxHooksWaiting: 10_000,
    ...change,
  }
}

interface World {
  readonly profiles: HttpProfiles
  readonly server: HookServer
  /** Every line of the log, as the operator sees it. */
  readonly lines: string[]
  readonly failures: unknown[]
  readonly limits: string[]
  go(ms: number): void
}

async function start(
  respond: Respond,
  change: Partial<ProfileSettings> = {},
  parts: Pick<ProfileParts, 'maxRemembered'> = {},
): Promise<World> {
  const server = await startHookServer(respond)
  let now = 1_000_000
  const lines: string[] = []
  const failures: unknown[] = []
  const limits: string[] = []
  const log = createTelemetry(
    { logLevel: 'debug', logFormat: 'text', logFileErrors: '', logFileAccess: '' },
    {
      destination: { write: (line) => lines.push(line), flush() {}, close: async () => undefined },
    },
  )
  const telemetry: Telemetry = {
    failure(stage, error, context) {
      failures.push(error)
      log.failure(stage, error, context)
    },
    limit: (name) => limits.push(name),
    event: log.event,
  }
  const url = `http://127.0.0.1:${server.port}/me/?format=json`
  const profiles = createProfiles(profileSettings(url, change), {
    telemetry,
    now: () => now,
    ...parts,
  })
  open.push(server, profiles)
  const go = (ms: number): void => {
    now += ms
  }
  return { profiles, server, lines, failures, limits, go }
}

/** Profiles by token; any other token is refused with 401. */
function knows(tokens: Record<string, unknown>): Respond {
  return (received, response, index) => {
    const token = received.headers.authorization?.replace(/^Token /, '') ?? ''
    if (Object.hasOwn(tokens, token)) answerWith(tokens[token])(received, response, index)
    else response.writeHead(401).end('{"detail": "Invalid token."}')
  }
}

async function known(answer: unknown, change: Partial<ProfileSettings> = {}, token = 't0ken') {
  const { profiles } = await start(answerWith(answer), change)
  const result = await profiles.profile(token, 'remembered')
  if (result.outcome !== 'known') return result.outcome
  return { ...result.profile, info: JSON.parse(result.profile.info) as unknown }
}

describe('the profile request', () => {
  it('is a GET with the token, signed by nothing, and as lean as a hook', async () => {
    const { profiles, server } = await start(knows({ t0ken: { id: 7 } }))
    expect(await profiles.profile('t0ken', 'remembered')).toEqual({
      outcome: 'known',
      profile: { user: '7', name: '7', info: '{"id":7}' },
    })
    const [received] = server.received
    expect(received).toMatchObject({ method: 'GET', path: '/me/?format=json', body: '' })
    expect(received?.headers).toMatchObject({
      authorization: 'Token t0ken',
      'accept-encoding': 'identity',
      'user-agent': 'offhook',
      host: `127.0.0.1:${server.port}`,
    })
    expect(received?.headers).not.toHaveProperty('cookie')
  })

  it('names another host where the profile is on the origin of the hooks', async () => {
    const server = await startHookServer(answerWith({ id: 1 }))
    const origin = `http://127.0.0.1:${server.port}`
    const hosted = { appHostHeader: 'app.example.com', hookOrigins: [origin] }
    const profiles = createProfiles(profileSettings(`${origin}/me#top`, hosted))
    open.push(server, profiles)
    await profiles.profile('t', 'fresh')
    expect(server.received[0]).toMatchObject({
      path: '/me',
      headers: { host: 'app.example.com' },
    })
  })

  it.each(['', 'a b', 'a\nb', 'ä', '\u007f', 'x'.repeat(4097)])(
    'is not made for the token %j',
    async (token) => {
      const { profiles, server } = await start(answerWith({ id: 1 }))
      expect(await profiles.profile(token, 'fresh')).toEqual({ outcome: 'refused' })
      expect(server.received).toEqual([])
    },
  )

  it('is made for a token of 4096 characters', async () => {
    expect(await known({ id: 1 }, {}, '~'.repeat(4096))).toMatchObject({ user: '1' })
  })

  it('is repeated where a kept link was closed under it', async () => {
    const { profiles, server } = await start((received, response, index) => {
      if (index === 1) response.socket?.destroy()
      else answerWith({ id: 1 })(received, response, index)
    })
    await profiles.profile('a', 'fresh')
    await new Promise((resolve) => setImmediate(resolve))
    expect(await profiles.profile('a', 'fresh')).toMatchObject({ outcome: 'known' })
    expect(server.received).toHaveLength(3)
  })
})

describe('the user', () => {
  it.each<[unknown, string]>([
    [{ id: 7, username: 'ann' }, '7'],
    [{ id: 'u-7' }, 'u-7'],
    [{ id: 0 }, '0'],
    [{ user_id: 8, username: 'ann' }, '8'],
    [{ id: null, username: 'ann' }, 'ann'],
    [{ id: '', name: 'Ann' }, 'Ann'],
    [{ id: {}, email: 'ann@example.com' }, 'ann@example.com'],
    [{ id: true, username: 'ann' }, 'ann'],
  ])('of %j is %s', async (profile, user) => {
    expect(await known(profile)).toMatchObject({ user })
  })

  it.each<[unknown, RegExp]>([
    [{}, /Name the user by a text or an integer in id, user_id/],
    [{ id: null }, /Name the user/],
    [{ id: {} }, /Name the user/],
    [{ login: 'ann' }, /Name the user.*--talk-user-key/],
    [{ id: 1.5, username: 'ann' }, /id is no integer/],
    [{ id: 2 ** 60, username: 'ann' }, /send it as a text/],
    [{ id: 'a\u0000b', username: 'ann' }, /id must be 1 to 200 characters/],
    [{ id: 'x'.repeat(201) }, /id must be/],
  ])('of %j is nobody, and the log says why', async (profile, hint) => {
    const { profiles, failures, lines } = await start(answerWith(profile))
    expect(await profiles.profile('t0ken', 'remembered')).toEqual({ outcome: 'refused' })
    expect(failures).toHaveLength(1)
    expect(failures[0]).toBeInstanceOf(HookFailure)
    expect(failures[0]).toMatchObject({
      reason: 'wrong_shape',
      hint: expect.stringMatching(hint),
    })
    expect(lines.join()).toContain('the profile names no user')
  })

  it('may be held by another key, and none but that', async () => {
    const change = { talkUserKey: 'login' }
    expect(await known({ id: 7, login: 'ann' }, change)).toMatchObject({ user: 'ann' })
    expect(await known({ id: 7 }, change)).toBe('refused')
    expect(await known('{"__proto__": {"login": "eve"}}', change)).toBe('refused')
  })

  it('gets a prefix that the display name lacks', async () => {
    expect(await known({ id: 7 }, { talkUserPrefix: 'chat:' })).toMatchObject({
      user: 'chat:7',
      name: '7',
    })
    expect(await known({ id: 'x'.repeat(200) }, { talkUserPrefix: 'chat:' })).toBe('refused')
  })
})

describe('what others see', () => {
  it.each<[object, string]>([
    [{ id: 7, name: 'Ann A.', username: 'ann' }, 'Ann A.'],
    [{ id: 7, name: '', username: 'ann' }, 'ann'],
    [{ id: 7, name: 5, email: 'a@b' }, 'a@b'],
    [{ id: 7, name: 'it is t0ken', email: 'a@b' }, 'a@b'],
    [{ id: 7 }, '7'],
  ])('%j is called %s', async (profile, name) => {
    expect(await known(profile)).toMatchObject({ name })
  })

  it('is the named fields', async () => {
    const profile = { id: 7, name: 'Ann', email: 'a@b', is_staff: true, avatar: { url: 'x' } }
    expect(await known(profile)).toMatchObject({
      info: { id: 7, name: 'Ann', avatar: { url: 'x' } },
    })
  })

  it('is with * everything but secrets, at any depth', async () => {
    const profile = {
      id: 7,
      email: 'a@b',
      token: 'other',
      Auth_Token: 'other',
      userPassword: 'x',
      client_secret: 'x',
      tokens: 3,
      deep: { list: [{ apiToken: 'x', ok: 1 }], secret: 'x' },
    }
    expect(await known(profile, { talkProfileFields: ['*'] })).toMatchObject({
      info: { id: 7, email: 'a@b', tokens: 3, deep: { list: [{ ok: 1 }] } },
    })
  })

  it.each([['*'], ['id', 'name', 'avatar', 'key', 'list', 'pin']])(
    'never holds the token: %j',
    async (...talkProfileFields) => {
      const token = 'a+b/c&d'
      const { profiles } = await start(
        answerWith({
          id: 7,
          name: `me ${token}`,
          avatar: { url: `http://x/?t=${encodeURIComponent(token)}`, size: 1 },
          key: { [token]: 1, other: 2 },
          list: [token, [`${token}!`], 'fine'],
        }),
        { talkProfileFields: talkProfileFields.flat() },
      )
      const answer = await profiles.profile(token, 'fresh')
      expect(answer).toEqual({
        outcome: 'known',
        profile: {
          user: '7',
          name: '7',
          info: '{"id":7,"avatar":{"size":1},"key":{"other":2},"list":[[],"fine"]}',
        },
      })
    },
  )

  it('lacks a number that is the token', async () => {
    const profile = { id: 7, pin: 1234, pins: 12345 }
    const change = { talkProfileFields: ['pin', 'pins'] }
    expect(await known(profile, change, '1234')).toMatchObject({ info: { pins: 12345 } })
  })

  it('has __proto__ as a key as any other', async () => {
    const { profiles } = await start(answerWith('{"id": 1, "__proto__": {"x": 1}}'), {
      talkProfileFields: ['*'],
    })
    expect(await profiles.profile('t0ken', 'fresh')).toMatchObject({
      profile: { info: '{"id":1,"__proto__":{"x":1}}' },
    })
  })
})

describe('no profile', () => {
  const status = (code: number, headers = {}): Respond => {
    return (_received, response) => response.writeHead(code, headers).end('no')
  }

  it.each<[string, Respond, readonly ['refused' | 'failed', string]]>([
    ['401', status(401), ['refused', 'status']],
    ['403', status(403), ['refused', 'status']],
    ['404', status(404), ['refused', 'status']],
    [
      '403 without an end',
      (_received, response) => response.writeHead(403).write('no'),
      ['refused', 'status'],
    ],
    ['429', status(429), ['failed', 'status']],
    ['500', status(500), ['failed', 'status']],
    ['201', status(201), ['failed', 'status']],
    ['302', status(302, { location: '/login' }), ['failed', 'redirect']],
    ['a page', answerWith('<html>', { 'content-type': 'text/html' }), ['failed', 'not_json']],
    ['broken UTF-8', answerWith(Buffer.from([0x22, 0xff, 0x22])), ['failed', 'not_json']],
    ['deep JSON', answerWith(`${'['.repeat(40)}${']'.repeat(40)}`), ['failed', 'not_json']],
    ['a list', answerWith([]), ['failed', 'wrong_shape']],
    ['null', answerWith('null'), ['failed', 'wrong_shape']],
    ['64 KiB and a bit', answerWith({ id: 1, x: 'x'.repeat(65_536) }), ['failed', 'too_large']],
    ['no answer', () => undefined, ['failed', 'timeout']],
    [
      'a closed link',
      (_received, response) => response.socket?.destroy(),
      ['failed', 'refused_connection'],
    ],
  ])('%s is %s', async (_name, respond, [outcome, reason]) => {
    const { profiles, failures } = await start(respond, { hookTimeoutMs: 150 })
    expect(await profiles.profile('t0ken', 'remembered')).toEqual({ outcome })
    expect(failures).toHaveLength(1)
    expect(failures[0]).toMatchObject({ reason })
  })

  it('is said once a minute for each kind of refusal, each time for a failure', async () => {
    const codes = [401, 401, 403, 401, 500, 500]
    const { profiles, failures, lines, go } = await start((_received, response, index) =>
      response.writeHead(codes[index] ?? 401).end(),
    )
    for (const token of ['a', 'b', 'c', 'd', 'e', 'f']) await profiles.profile(token, 'fresh')
    expect(failures).toHaveLength(4)
    go(60_000)
    await profiles.profile('g', 'fresh')
    expect(failures).toHaveLength(5)
    expect(lines[0]).toMatch(/the profile request was answered with status 401.*word Token/)
  })

  it('shows no token, whatever the app echoes', async () => {
    const token = 'q7w8e9/r+t'
    const echo: Respond = ({ headers }, response, index) => {
      const text = `${headers.authorization} ${encodeURIComponent(headers.authorization ?? '')}`
      if (index === 0) response.writeHead(401).end(text)
      else if (index === 1) response.writeHead(500).end(text)
      else if (index === 2) response.writeHead(200).end(text)
      else answerWith({ [text]: token, nobody: 1 })(undefined as never, response, index)
    }
    const { profiles, failures, lines } = await start(echo)
    for (let i = 0; i < 4; i += 1) await profiles.profile(token, 'fresh')
    expect(failures).toHaveLength(4)
    expect(lines).toHaveLength(4)
    for (const shown of [...lines, ...failures.map((one) => `${one} ${(one as Error).cause}`)]) {
      expect(shown).not.toMatch(/q7w8e9|r%2Bt|r\+t/)
    }
  })
})

describe('what is remembered', () => {
  it('is who was known, for a while', async () => {
    const { profiles, server, go } = await start(knows({ a: { id: 1 } }))
    await profiles.profile('a', 'remembered')
    go(29_999)
    expect(await profiles.profile('a', 'remembered')).toMatchObject({ outcome: 'known' })
    expect(server.received).toHaveLength(1)
    go(1)
    await profiles.profile('a', 'remembered')
    expect(server.received).toHaveLength(2)
  })

  it('is nothing with a time of 0', async () => {
    const { profiles, server } = await start(knows({ a: { id: 1 } }), { talkProfileTtlMs: 0 })
    await profiles.profile('a', 'remembered')
    await profiles.profile('a', 'remembered')
    expect(server.received).toHaveLength(2)
  })

  it('is never a refusal, nor a failure', async () => {
    const codes = [401, 401, 500, 500]
    const { profiles, server } = await start((received, response, index) => {
      if (index > 3) answerWith({ id: 1 })(received, response, index)
      else response.writeHead(codes[index] ?? 500).end()
    })
    for (let i = 0; i < 4; i += 1) await profiles.profile('a', 'remembered')
    expect(await profiles.profile('a', 'remembered')).toMatchObject({ outcome: 'known' })
    expect(server.received).toHaveLength(5)
  })

  it('is renewed by a fresh answer, ended by a fresh refusal, kept through a failure', async () => {
    const tokens: Record<string, unknown> = { a: { id: 1 } }
    let down = false
    const { profiles, server, go } = await start((received, response, index) => {
      if (down) response.writeHead(503).end()
      else knows(tokens)(received, response, index)
    })
    await profiles.profile('a', 'remembered')
    go(20_000)
    tokens['a'] = { id: 2 }
    expect(await profiles.profile('a', 'fresh')).toMatchObject({ profile: { user: '2' } })
    go(20_000)
    expect(await profiles.profile('a', 'remembered')).toMatchObject({ profile: { user: '2' } })
    down = true
    expect(await profiles.profile('a', 'fresh')).toEqual({ outcome: 'failed' })
    expect(await profiles.profile('a', 'remembered')).toMatchObject({ profile: { user: '2' } })
    down = false
    delete tokens['a']
    expect(await profiles.profile('a', 'fresh')).toEqual({ outcome: 'refused' })
    expect(await profiles.profile('a', 'remembered')).toEqual({ outcome: 'refused' })
    expect(server.received).toHaveLength(5)
  })

  it('is bounded: the one longest not used goes', async () => {
    const tokens = { a: { id: 1 }, b: { id: 2 }, c: { id: 3 } }
    const { profiles, server } = await start(knows(tokens), {}, { maxRemembered: 2 })
    for (const token of ['a', 'b', 'a', 'c']) await profiles.profile(token, 'remembered')
    expect(server.received).toHaveLength(3)
    await profiles.profile('a', 'remembered')
    expect(server.received).toHaveLength(3)
    await profiles.profile('b', 'remembered')
    expect(server.received).toHaveLength(4)
  })
})

describe('requests at the same time', () => {
  function held(): { respond: Respond; answers: ((body: unknown) => void)[] } {
    const answers: ((body: unknown) => void)[] = []
    const respond: Respond = (received, response) =>
      answers.push((body) => answerWith(body)(received, response, 0))
    return { respond, answers }
  }

  it('for one token are one', async () => {
    const { respond, answers } = held()
    const { profiles, server } = await start(respond)
    const all = [1, 2, 3].map(() => profiles.profile('a', 'remembered'))
    const other = profiles.profile('b', 'remembered')
    await server.seen(2)
    for (const answer of answers) answer({ id: 1 })
    expect(await Promise.all([...all, other])).toHaveLength(4)
    expect(server.received).toHaveLength(2)
  })

  it('but a fresh one asks for itself, and an older answer does not outlive it', async () => {
    const { respond, answers } = held()
    const { profiles, server } = await start(respond)
    const older = profiles.profile('a', 'remembered')
    await server.seen(1)
    const fresh = profiles.profile('a', 'fresh')
    await server.seen(2)
    answers[1]?.({ id: 'new' })
    expect(await fresh).toMatchObject({ profile: { user: 'new' } })
    answers[0]?.({ id: 'old' })
    expect(await older).toMatchObject({ profile: { user: 'old' } })
    expect(await profiles.profile('a', 'remembered')).toMatchObject({ profile: { user: 'new' } })
    expect(server.received).toHaveLength(2)
  })

  it('are bounded: so many run, so many wait, the rest has failed', async () => {
    const { respond, answers } = held()
    const { profiles, server, limits, failures } = await start(respond, {
      maxHooksInFlight: 1,
      maxHooksWaiting: 1,
    })
    const first = profiles.profile('a', 'remembered')
    const second = profiles.profile('b', 'remembered')
    expect(await profiles.profile('c', 'remembered')).toEqual({ outcome: 'failed' })
    expect(limits).toEqual(['max-hooks-waiting'])
    expect(failures).toEqual([])
    await server.seen(1)
    answers[0]?.({ id: 1 })
    await server.seen(2)
    answers[1]?.({ id: 2 })
    expect(await Promise.all([first, second])).toHaveLength(2)
  })

  it('are waited for by close, and further ones are not made', async () => {
    const { respond, answers } = held()
    const { profiles, server } = await start(respond)
    const asked = profiles.profile('a', 'remembered')
    await server.seen(1)
    const closing = profiles.close()
    expect(await profiles.profile('b', 'fresh')).toEqual({ outcome: 'failed' })
    answers[0]?.({ id: 1 })
    expect(await asked).toMatchObject({ outcome: 'known' })
    await closing
    expect(server.received).toHaveLength(1)
  })
})
