import { describe, expect, test } from 'vitest'
import type { CoreSettings } from '../core/settings.ts'
import type { HookSettings } from '../hooks/settings.ts'
import type { HttpSettings } from '../http/settings.ts'
import type { Mode } from './checks.ts'
import { type Config, ConfigError } from './config.ts'
import { configOf } from './config-of.ts'
import { readConfig } from './read-config.ts'

interface Given {
  readonly argv?: string
  readonly env?: Readonly<Record<string, string>>
  readonly files?: Readonly<Record<string, string>>
  readonly mode?: Mode
}

function read({ argv = '', env = {}, files = {}, mode }: Given) {
  return readConfig({
    argv: argv.split(' ').filter((word) => word !== ''),
    env,
    readFile: (path) => {
      const text = files[path]
      if (text === undefined) throw new Error(`no such file: ${path}`)
      return text
    },
    ...(mode ? { mode } : {}),
  })
}

async function configFrom(given: Given): Promise<Config> {
  return (await read(given)).config
}

async function problemsOf(given: Given): Promise<readonly string[]> {
  const error: unknown = await read(given).then(
    () => expect.fail('the configuration was accepted'),
    (reason: unknown) => reason,
  )
  if (!(error instanceof ConfigError)) throw error
  expect(error.message).toBe(error.problems.join('\n'))
  return error.problems
}

describe('without anything given', () => {
  test("has Hookbox's defaults and the limits of the specification", () => {
    expect(configOf({})).toMatchObject({
      port: 8001,
      interface: '0.0.0.0',
      webApiPort: null,
      appUrl: 'http://127.0.0.1/hookbox',
      cbHost: '127.0.0.1',
      cbPort: 80,
      cbPath: '/hookbox',
      cbCreateChannel: 'create_channel',
      store: 'level:./data',
      maxFrameBytes: 65_536,
      pingIntervalMs: 25_000,
      minPollingIntervalMs: 100,
      hookOrigins: ['http://127.0.0.1'],
    })
  })

  test('is what the command line, the core, the hooks and the listener expect', async () => {
    const config = await configFrom({})
    const core: CoreSettings = config
    const hooks: HookSettings = config
    const http: HttpSettings = config
    expect([core, hooks, http]).toEqual([config, config, configOf({})])
    expect(Object.isFrozen(config)).toBe(true)
  })
})

describe('flags', () => {
  test.each([
    ['--port 9', { port: 9 }],
    ['--port=9', { port: 9 }],
    ['-p9', { port: 9 }],
    ['-p 9', { port: 9 }],
    ['--po 9', { port: 9 }],
    ['--po=9', { port: 9 }],
    ['-p 8 -p 9', { port: 9 }],
    ['-w 9', { webApiPort: 9 }],
    ['-x', { ignorePublishNonExistingChannels: true }],
    ['-x 1', { ignorePublishNonExistingChannels: true }],
    ['-x 0', { ignorePublishNonExistingChannels: false }],
    ['-x -p 9', { ignorePublishNonExistingChannels: true, port: 9 }],
    ['--ignore', { ignorePublishNonExistingChannels: true }],
    ['--set-config off', { setConfig: false }],
    ['--cbpath=', { cbPath: '', appUrl: 'http://127.0.0.1' }],
    ['--cb-create_channel c.php', { cbCreateChannel: 'c.php' }],
    ['--cb-create c.php', { cbCreateChannel: 'c.php' }],
    ['--webhook-secret a', { hookSecret: 'a' }],
    ['-s a', { hookSecret: 'a' }],
    ['--api-security-token a', { apiToken: 'a' }],
    ['--rest-secret a', { apiToken: 'a' }],
    ['--rest a', { apiToken: 'a' }],
    ['-r a --api-token a', { apiToken: 'a' }],
    ['--api a', { apiToken: 'a' }],
    ['-r -a', { apiToken: '-a' }],
    ['--hook-timeout 2', { hookTimeoutMs: 2000 }],
    ['--hook-timeout 0.5', { hookTimeoutMs: 500 }],
    ['--hook-timeout 250ms', { hookTimeoutMs: 250 }],
    ['--hook-timeout 2m', { hookTimeoutMs: 120_000 }],
    ['--max-frame-bytes 8KiB', { maxFrameBytes: 8192 }],
    ['-L WARNING', { logLevel: 'warn' }],
    ['-L CRITICAL', { logLevel: 'fatal' }],
    ['-L 10', { logLevel: 'debug' }],
    ['-E e.log -A a.log', { logFileErrors: 'e.log', logFileAccess: 'a.log' }],
    [
      '--allow-origin https://a.example,https://b.example:8443/',
      {
        allowOrigin: ['https://a.example', 'https://b.example:8443'],
      },
    ],
    [
      '--own-origin https://a.example --own-origin https://b.example',
      {
        ownOrigin: ['https://a.example', 'https://b.example'],
      },
    ],
    ['--trust-proxy 10.0.0.0/8,fd00::1', { trustProxy: ['10.0.0.0/8', 'fd00::1'] }],
    ['-i [::1]', { interface: '::1', webApiInterface: '::1' }],
    ['--cbhost ::1', { cbHost: '[::1]', appUrl: 'http://[::1]/hookbox' }],
  ])('%s', async (argv, expected) => {
    expect(await configFrom({ argv })).toMatchObject(expected)
  })

  test("a prefix that Hookbox knew means Hookbox's option, though newer ones begin with it too", async () => {
    expect(await configFrom({ argv: '--co session' })).toMatchObject({
      cookieIdentifier: 'session',
    })
  })

  test('a prefix of several is refused with what it may be', async () => {
    expect(await problemsOf({ argv: '--max-h 3' })).toEqual([
      '--max-h may be --max-hooks-in-flight or --max-hooks-waiting or --max-hook-answer-bytes or --max-history-size',
    ])
  })

  test('--debug and --objgraph are taken with a notice', async () => {
    const { notices } = await read({ argv: '-d -o 3 --debug' })
    expect(notices).toEqual(
      expect.arrayContaining(['--debug has no effect', '--objgraph has no effect']),
    )
  })

  test('a secret on the command line gets a notice, an empty one or one in the environment does not', async () => {
    const shows =
      '--api-token shows in the list of processes; --api-token-file or the environment does not'
    expect((await read({ argv: '-r x' })).notices).toContain(shows)
    expect((await read({ argv: '--api-token=' })).notices).not.toContain(shows)
    expect((await read({ env: { OFFHOOK_API_TOKEN: 'x' } })).notices).not.toContain(shows)
  })
})

describe('--app-url', () => {
  test.each<[string, Partial<Config>]>([
    ['http://localhost:3000/hookbox', { cbHost: 'localhost', cbPort: 3000, cbPath: '/hookbox' }],
    ['http://localhost:3000/hookbox/', { cbHost: 'localhost', cbPort: 3000, cbPath: '/hookbox' }],
    ['http://localhost', { cbHttps: false, cbPort: 80, cbPath: '' }],
    ['https://app.example/a/b', { cbHttps: true, cbPort: 443, cbPath: '/a/b' }],
    ['http://[::1]:5/x', { cbHost: '[::1]', cbPort: 5, cbPath: '/x' }],
  ])('%s is scheme, host, port and path of all hooks', async (appUrl, expected) => {
    const config = await configFrom({ argv: `--app-url ${appUrl}` })
    expect(config).toMatchObject(expected)
    expect(config.hookOrigins).toEqual([new URL(appUrl).origin])
    expect(configOf({ appUrl })).toEqual(config)
  })

  test('beside a part of it that says something else is a mistake', async () => {
    expect(await problemsOf({ argv: '--app-url http://a:3000/x --cbport 4000' })).toEqual([
      '--cbport and --app-url mean the same thing but differ',
    ])
    expect(await configFrom({ argv: '--app-url http://a:3000/x --cbport 3000' })).toMatchObject({
      cbPort: 3000,
    })
  })

  test('yields to a part of it from a stronger source', async () => {
    const env = { OFFHOOK_APP_URL: 'http://a:3000/x' }
    expect(await configFrom({ argv: '--cbport 4000', env })).toMatchObject({
      appUrl: 'http://a:4000/x',
    })
  })

  test('and the single URL are the origins of the hooks', async () => {
    const argv = '--app-url http://a:3000/x --cb-single-url https://b/hooks.php?x=1'
    expect((await configFrom({ argv })).hookOrigins).toEqual(['http://a:3000', 'https://b'])
  })
})

describe('sources', () => {
  const files = { 'offhook.yaml': 'port: 3\nhook-timeout: 3\ndrain-timeout: 3\n' }

  test('flags win over the environment, that over the file, that over defaults', async () => {
    const config = await configFrom({
      argv: '--config offhook.yaml --port 1',
      env: { OFFHOOK_PORT: '2', OFFHOOK_HOOK_TIMEOUT: '2' },
      files,
    })
    expect(config).toMatchObject({
      port: 1,
      hookTimeoutMs: 2000,
      drainTimeoutMs: 3000,
      pingTimeoutMs: 20_000,
    })
  })

  test('the file may be named by the environment', async () => {
    expect(await configFrom({ env: { OFFHOOK_CONFIG: 'offhook.yaml' }, files })).toMatchObject({
      port: 3,
    })
  })

  test('keys of a file are names of flags, in any spelling, Hookbox names included', async () => {
    const text = JSON.stringify({
      webhookSecret: 'a',
      cb_create_channel: 'c.php',
      'allow-origin': ['https://a.example'],
      'web-api-port': null,
      compress: true,
      adminPassword: 1234,
    })
    expect(await configFrom({ argv: '--config c.json', files: { 'c.json': text } })).toMatchObject({
      hookSecret: 'a',
      cbCreateChannel: 'c.php',
      allowOrigin: ['https://a.example'],
      webApiPort: null,
      compress: true,
      adminPassword: '1234',
    })
  })

  test('an empty variable counts as not given, but makes a text empty', async () => {
    const env = { OFFHOOK_PORT: '', OFFHOOK_CBPATH: '', OFFHOOK_API_TOKEN: '' }
    expect(await configFrom({ env })).toMatchObject({ port: 8001, cbPath: '', apiToken: '' })
  })

  test('a variable that nobody knows is told of, with the nearest name', async () => {
    expect((await read({ env: { OFFHOOK_PRT: '1' } })).notices).toContain(
      'OFFHOOK_PRT is not known and has no effect; is it OFFHOOK_PORT?',
    )
  })

  test('what Kubernetes sets for a service named offhook is no setting', async () => {
    const env = {
      OFFHOOK_PORT: 'tcp://10.0.0.1:8001',
      OFFHOOK_PORT_8001_TCP_ADDR: '10.0.0.1',
      OFFHOOK_SERVICE_HOST: '10.0.0.1',
    }
    const { config, notices } = await read({ env })
    expect(config.port).toBe(8001)
    expect(notices.filter((notice) => notice.includes('OFFHOOK_'))).toEqual([])
  })

  test.each([
    ['{"prt": 1}', ['prt in c.json is not a setting; is it port?']],
    [
      '{"__proto__": {"port": 1}, "constructor": 1}',
      ['__proto__ in c.json is not a setting', 'constructor in c.json is not a setting'],
    ],
    ['[1]', ['c.json must hold one object of settings']],
    ['{"hook-secret": "geheim",}', [expect.stringMatching(/^c\.json cannot be read as JSON/)]],
    [
      '{"port": "x", "compress": "perhaps"}',
      [
        'port in c.json must be a whole number from 0 to 65535, not "x"',
        'compress in c.json must be on or off, not "perhaps"',
      ],
    ],
    [
      '{"hookSecret": "a", "webhook-secret": "b"}',
      ['hookSecret in c.json and webhook-secret in c.json mean the same thing but differ'],
    ],
  ])('a file that says %s is refused', async (text, problems) => {
    const found = await problemsOf({ argv: '--config c.json', files: { 'c.json': text } })
    expect(found).toEqual(problems)
    expect(found.join()).not.toContain('geheim')
  })

  test('a broken YAML file is refused with its place and without its text', async () => {
    const files = { 'c.yml': 'port: 1\nhook-secret: "geheim\n' }
    const [problem] = await problemsOf({ argv: '--config c.yml', files })
    expect(problem).toMatch(/^c\.yml cannot be read as YAML \(line \d/)
    expect(problem).not.toContain('geheim')
  })

  test('an empty file gives nothing, a missing one is refused', async () => {
    expect(
      await configFrom({ argv: '--config c.yaml', files: { 'c.yaml': '# nothing\n' } }),
    ).toEqual(configOf({}))
    expect(await problemsOf({ argv: '--config c.yaml' })).toEqual([
      '--config cannot be read: no such file: c.yaml',
    ])
  })
})

describe('secrets', () => {
  const files = { token: 'from-file\n', empty: '', password: ' p w \r\n' }

  test('may come from files, without the line end', async () => {
    const env = { OFFHOOK_API_TOKEN_FILE: 'token', OFFHOOK_WEBHOOK_SECRET_FILE: 'empty' }
    expect(await configFrom({ argv: '--admin-password-file password', env, files })).toMatchObject({
      apiToken: 'from-file',
      hookSecret: '',
      adminPassword: ' p w ',
    })
  })

  test('from a file that cannot be read, or beside another value, are mistakes', async () => {
    expect(await problemsOf({ argv: '--api-token-file nowhere' })).toEqual([
      '--api-token-file cannot be read: no such file: nowhere',
    ])
    expect(await problemsOf({ argv: '-r other --rest-secret-file token', files })).toEqual([
      '--api-token and --rest-secret-file mean the same thing but differ',
    ])
  })

  test('are never shown by a mistake', async () => {
    const problems = await problemsOf({
      argv: '--signing-secret whsec_geheim --hook-secret geheim --webhook-secret geheim2',
    })
    expect(problems).toHaveLength(2)
    expect(problems.join()).not.toContain('geheim')
  })

  test('two signing secrets are taken during a rotation', async () => {
    const [one, two] = [
      'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw',
      'whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD',
    ]
    const { signingSecret } = await configFrom({ env: { OFFHOOK_SIGNING_SECRET: `${one} ${two}` } })
    expect(signingSecret).toEqual([one, two])
  })
})

describe('mistakes', () => {
  test('are reported together', async () => {
    const problems = await problemsOf({
      argv: '--prt 3 -z --port abc --port-x=1 --cbport 0 --dev=maybe --version=1 --config c.json --interface',
      env: { OFFHOOK_STORE: 'mysql', OFFHOOK_CBHOST: 'a/b' },
      files: { 'c.json': '{"log-level": "loud"}' },
    })
    expect(problems).toEqual(
      [
        '--prt is not an option; is it --port?',
        '-z is not an option',
        '--port-x is not an option; is it --port?',
        '--version takes no value',
        '--interface needs a value',
        'log-level in c.json must be debug, info, warn, error, fatal or silent, not "loud"',
        '--port must be a whole number from 0 to 65535, not "abc"',
        '--cbport must be a whole number from 1 to 65535, not "0"',
        '--dev must be on or off, not "maybe"',
        'OFFHOOK_STORE must be level:FOLDER or memory, not "mysql"',
        'OFFHOOK_CBHOST must be a host name or an IP address, not "a/b"',
      ].sort((a, b) => problems.indexOf(a) - problems.indexOf(b)),
    )
  })

  test('one port for both listeners', async () => {
    expect(await problemsOf({ argv: '-w 8001' })).toEqual([
      '--port and --web-api-port are both 8001',
    ])
    expect(await configFrom({ argv: '-p 0 -w 0' })).toMatchObject({ port: 0, webApiPort: 0 })
    expect(await configFrom({ argv: '-w 8001 -W 127.0.0.1' })).toMatchObject({ webApiPort: 8001 })
  })

  test('offhook dev anywhere but on loopback', async () => {
    expect(await problemsOf({ argv: '-i 0.0.0.0', mode: 'dev' })).toEqual([
      'offhook dev lets everybody in, so it listens on loopback only: --interface must be 127.0.0.1, ::1 or localhost',
    ])
    expect(await configFrom({ argv: '-i ::1', mode: 'dev' })).toMatchObject({ interface: '::1' })
  })
})

describe('notices at start', () => {
  const unsigned = /^neither --hook-secret nor --signing-secret/
  const plain = /plain http/

  test('hooks without a secret', async () => {
    expect((await read({})).notices).toEqual([expect.stringMatching(unsigned)])
    expect((await read({ env: { OFFHOOK_HOOK_SECRET: 'x' } })).notices).toEqual([])
    expect((await read({ mode: 'dev', argv: '-i ::1' })).notices).toEqual([])
  })

  test.each([
    ['http://app.example/x', true],
    ['https://app.example/x', false],
    ['http://localhost/x', false],
    ['http://127.1.2.3/x', false],
    ['http://[::1]/x', false],
  ])('plain http hooks to %s: %s', async (url, isTold) => {
    const { notices } = await read({ argv: `--app-url ${url}` })
    expect(notices.some((notice) => plain.test(notice))).toBe(isTold)
  })

  test('--cbhttps without a port', async () => {
    expect((await read({ argv: '--cbhttps' })).notices).toContainEqual(
      expect.stringMatching(/--cbport 443/),
    )
  })
})

describe('rooms and the talk protocol', () => {
  const profile = '--talk-profile-url http://127.0.0.1:1/me/'
  const sayRooms = "say which names may become rooms, e.g. --talk-rooms 'room_*'"

  test('have the defaults of Hipochat', () => {
    expect(configOf({})).toMatchObject({
      talkProfileUrl: '',
      talkPushUrl: '',
      talkProfileTtlMs: 30_000,
      talkRecheckMs: 300_000,
      talkUserKey: '',
      talkUserPrefix: '',
      talkRegularType: 'message',
      talkMessageTypes: [],
      talkNotifiableTypes: [],
      talkPushDelayMs: 0,
      talkRooms: ['*'],
      talkClosed: false,
      talkOpenMembership: false,
      talkCompat: 'seed',
      talkHistorySize: 1000,
    })
  })

  test.each([
    ['--talk-profile-fields id,name', { talkProfileFields: ['id', 'name'] }],
    ['--talk-profile-fields *', { talkProfileFields: ['*'] }],
    ['--talk-message-types message,image', { talkMessageTypes: ['message', 'image'] }],
    ['--talk-notifiable-types=', { talkNotifiableTypes: [] }],
    ['--talk-compat 0.1', { talkCompat: '0.1' }],
    ['--talk-rooms room_*,support-?', { talkRooms: ['room_*', 'support-?'] }],
    ['--talk-recheck 0 --talk-profile-ttl 0', { talkRecheckMs: 0, talkProfileTtlMs: 0 }],
    ['--talk-user-prefix chat:', { talkUserPrefix: 'chat:' }],
    ['--max-history-size 10', { talkHistorySize: 10 }],
    ['--max-history-size 0', { talkHistorySize: 1 }],
  ])('%s', async (argv, expected) => {
    expect(await configFrom({ argv })).toMatchObject(expected)
  })

  test.each([
    ['--talk-profile-url ftp://x', /^--talk-profile-url must be a URL/],
    ['--talk-push-url http://u:geheim@x/', /not "http:\/\/\*\*\*@x\/"$/],
    ['--talk-push-url /push', /^--talk-push-url must be a URL/],
    ['--talk-rooms a/b', /^--talk-rooms must be a name as room_\*/],
    ['--talk-compat 0.2', /^--talk-compat must be seed or 0\.1, not "0\.2"$/],
    ['--talk-history-size 0', /^--talk-history-size must be/],
    ['--talk-push-delay 2h', /^--talk-push-delay must be/],
    ['--talk-user-prefix \u202e', /^--talk-user-prefix must be at most 100 characters/],
    ['--talk-regular-type=', /^--talk-regular-type must not be empty$/],
  ])('%s is a mistake', async (argv, problem) => {
    expect(await problemsOf({ argv })).toEqual([expect.stringMatching(problem)])
  })

  test.each([
    '--app-url http://127.0.0.1:1/x',
    '--cbhost 127.0.0.1',
    '--cbport 81',
    '--cbpath=',
    '--cbhttps off',
    '--cb-single-url http://127.0.0.1:1/x',
    '--cb-subscribe sub.php',
    '--cb-disconnect gone.php',
  ])('beside %s the names that may become rooms must be said', async (hook) => {
    expect(await problemsOf({ argv: `${profile} ${hook}` })).toEqual([sayRooms])
    expect(await configFrom({ argv: `${profile} ${hook} --talk-rooms *` })).toHaveProperty(
      'talkRooms',
      ['*'],
    )
    expect((await read({ argv: hook })).config.talkRooms).toEqual(['*'])
    expect(
      (await read({ argv: `${profile} ${hook} -i ::1`, mode: 'dev' })).config.talkRooms,
    ).toEqual(['*'])
  })

  test('the same holds where the hooks are given by environment, file or code', async () => {
    const env = { OFFHOOK_APP_URL: 'http://127.0.0.1:1/x' }
    expect(await problemsOf({ argv: profile, env })).toEqual([sayRooms])
    const files = { 'c.json': '{"cbhost": "127.0.0.1"}' }
    expect(await problemsOf({ argv: `${profile} --config c.json`, files })).toEqual([sayRooms])
    const talkProfileUrl = 'http://127.0.0.1:1/me'
    const appUrl = 'http://127.0.0.1:1/x'
    expect(() => configOf({ talkProfileUrl, appUrl })).toThrow(new ConfigError([sayRooms]))
    expect(configOf({ talkProfileUrl, appUrl, talkRooms: ['room_*'] })).toMatchObject({ appUrl })
    expect(configOf({ talkProfileUrl, appUrl: '', hookSecret: 'x' })).toMatchObject({
      talkRooms: ['*'],
    })
  })

  test('who can read tokens and messages on the way is told', async () => {
    const argv =
      '--talk-profile-url http://app.example/me?k=geheim --talk-push-url http://app.example/push'
    const { notices } = await read({ argv, env: { OFFHOOK_SIGNING_SECRET: signing } })
    expect(notices).toEqual([
      "--talk-profile-url goes to http://app.example over plain http: users' tokens can be read on the way",
      '--talk-push-url goes to http://app.example over plain http: messages can be read on the way',
    ])
    const safe = '--talk-profile-url https://app.example/me --talk-push-url http://[::1]/push'
    expect((await read({ argv: safe, env: { OFFHOOK_SIGNING_SECRET: signing } })).notices).toEqual(
      [],
    )
  })

  test('pushes that nobody can tell from others are told of', async () => {
    const argv = '--talk-push-url http://127.0.0.1:1/push'
    expect((await read({ argv })).notices).toEqual([
      'neither --hook-secret nor --signing-secret is set: the app cannot tell hooks and pushes of Offhook from requests of others',
    ])
    expect((await read({ argv, env: { OFFHOOK_HOOK_SECRET: 'x' } })).notices).toEqual([
      '--signing-secret is not set, and --hook-secret goes with hooks only: the app cannot tell pushes of Offhook from requests of others',
    ])
  })

  test('open membership, and settings of endpoints that are off, are told of', async () => {
    const env = { OFFHOOK_HOOK_SECRET: 'x' }
    expect((await read({ argv: `${profile} --talk-open-membership`, env })).notices).toEqual([
      expect.stringMatching(/^--talk-open-membership lets everybody/),
    ])
    expect((await read({ argv: '--talk-rooms x --talk-recheck 1', env })).notices).toEqual([
      'without --talk-profile-url the talk endpoints are off: --talk-recheck, --talk-rooms have no effect',
    ])
    expect((await read({ argv: '--talk-history-size 9 --talk-closed', env })).notices).toEqual([])
  })
})

const signing = 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw'

describe("Hipochat's variables", () => {
  const env = {
    HIPOCHAT_PROFILE_URL: 'http://127.0.0.1:1/me/',
    HIPOCHAT_PUSH_NOTIFICATION_URL: 'http://127.0.0.1:1/push/',
    HIPOCHAT_LISTEN_PORT: '8888',
    HIPOCHAT_LISTEN_ADDRESS: '127.0.0.1',
    HIPOCHAT_REGULAR_MESSAGE_TYPE: 'text',
    HIPOCHAT_MESSAGE_TYPES: 'text, image',
    HIPOCHAT_NOTIFIABLE_MESSAGE_TYPES: 'text',
  }

  test('are understood', async () => {
    const { config, notices } = await read({ env: { ...env, OFFHOOK_SIGNING_SECRET: signing } })
    expect(config).toMatchObject({
      talkProfileUrl: 'http://127.0.0.1:1/me/',
      talkPushUrl: 'http://127.0.0.1:1/push/',
      port: 8888,
      interface: '127.0.0.1',
      talkRegularType: 'text',
      talkMessageTypes: ['text', 'image'],
      talkNotifiableTypes: ['text'],
    })
    expect(notices).toEqual([])
  })

  test('yield to flags and to OFFHOOK_ variables, and win over the file', async () => {
    const config = await configFrom({
      argv: '--config c.json --talk-regular-type flag',
      env: { ...env, OFFHOOK_PORT: '9', OFFHOOK_TALK_MESSAGE_TYPES: 'other' },
      files: { 'c.json': '{"interface": "0.0.0.0", "talk-history-size": 5, "port": 10}' },
    })
    expect(config).toMatchObject({
      talkRegularType: 'flag',
      port: 9,
      talkMessageTypes: ['other'],
      interface: '127.0.0.1',
      talkHistorySize: 5,
    })
  })

  test('that are empty count as not given; wrong ones are mistakes by their own name', async () => {
    const empty = Object.fromEntries(Object.keys(env).map((name) => [name, '']))
    expect(await configFrom({ env: empty })).toEqual(configOf({}))
    expect(await problemsOf({ env: { HIPOCHAT_LISTEN_PORT: 'x' } })).toEqual([
      'HIPOCHAT_LISTEN_PORT must be a whole number from 0 to 65535, not "x"',
    ])
  })

  test('for Redis and RabbitMQ end the start, unless it is said where rooms are kept', async () => {
    const services = {
      HIPOCHAT_REDIS_HOST: 'redis',
      HIPOCHAT_RABBIT_URL: 'guest:geheim@rabbit',
      HIPOCHAT_RABBIT_PASS: 'geheim',
    }
    const problems = await problemsOf({ env: services })
    expect(problems).toEqual([
      'HIPOCHAT_REDIS_HOST and HIPOCHAT_RABBIT_URL are set, but this version knows neither Redis nor RabbitMQ: say by --store where this one node keeps rooms, e.g. --store level:./data, or unset them',
    ])
    const { notices } = await read({
      argv: '--store memory',
      env: { ...services, OFFHOOK_HOOK_SECRET: 'x' },
    })
    expect(notices).toEqual([
      'HIPOCHAT_REDIS_HOST, HIPOCHAT_RABBIT_URL, HIPOCHAT_RABBIT_PASS have no effect: this version knows neither Redis nor RabbitMQ, and keeps rooms on this one node',
    ])
    expect(await configFrom({ env: { ...services }, mode: 'dev', argv: '-i ::1' })).toHaveProperty(
      'interface',
    )
    expect([...problems, ...notices].join()).not.toContain('geheim')
  })

  test('that nobody knows are told of, those that Kubernetes makes are not', async () => {
    const unknown = {
      HIPOCHAT_PROFIL_URL: 'http://127.0.0.1:1/',
      HIPOCHAT_REDIS_PORT: 'tcp://10.0.0.1:6379',
      HIPOCHAT_REDIS_PORT_6379_TCP_ADDR: '10.0.0.1',
      HIPOCHAT_SERVICE_HOST: '10.0.0.2',
      OFFHOOK_HOOK_SECRET: 'x',
    }
    expect((await read({ env: unknown })).notices).toEqual([
      'HIPOCHAT_PROFIL_URL is not known and has no effect; is it HIPOCHAT_PROFILE_URL?',
    ])
  })
})

describe('a configuration made by code', () => {
  test('has the defaults of what is not given', () => {
    expect(configOf({ hookTimeoutMs: 500, store: 'memory' })).toMatchObject({
      hookTimeoutMs: 500,
      store: 'memory',
      port: 8001,
    })
  })

  test('is refused as a whole where something is unknown or wrong', () => {
    const wrong = { prt: 1, port: '8001', hookTimeoutMs: 1, store: 'x', ownOrigin: ['a'] }
    expect(() => configOf(wrong as object)).toThrow(
      new ConfigError([
        'prt is not a setting; is it port?',
        'port must be of type number',
        'hookTimeoutMs, in seconds, must be a number of seconds from 0.1 to 300, not 0.001',
        'store must be level:FOLDER or memory, not "x"',
        'ownOrigin must be an origin as https://chat.example.com, without a path, not ["a"]',
      ]),
    )
  })
})
