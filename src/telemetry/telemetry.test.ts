import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { Failure, HookFailure, Refusal } from '../core/errors.ts'
import { createTelemetry, type ServerTelemetry, type TelemetrySettings } from './telemetry.ts'

interface Recorded {
  telemetry: ServerTelemetry
  lines: string[]
  time: { now: number }
}

function record(change: Partial<TelemetrySettings> = {}): Recorded {
  const lines: string[] = []
  const time = { now: Date.UTC(2026, 0, 31, 12) }
  const telemetry = createTelemetry(
    { logLevel: 'info', logFormat: 'text', logFileErrors: '', logFileAccess: '', ...change },
    {
      now: () => time.now,
      destination: { write: (line) => void lines.push(line), flush() {}, close: async () => {} },
    },
  )
  return { telemetry, lines, time }
}

const hookFailure = new HookFailure(
  { reason: 'redirect', requestId: 'msg_1', message: 'status 302', hint: 'needs no login' },
  { cause: new Error('status 302, text/html, 9 bytes: <html> tok3n') },
)

describe('the text log', () => {
  it('is one line with time, level, message and facts', () => {
    const { telemetry, lines } = record()
    telemetry.info('listening', { address: '127.0.0.1:8001', note: 'two words', n: 1 })
    expect(lines).toEqual([
      '2026-01-31T12:00:00.000Z INFO  listening address=127.0.0.1:8001 note="two words" n=1\n',
    ])
  })

  it('escapes what would forge a line or turn it around', () => {
    const { telemetry, lines } = record()
    telemetry.info('a\nb', { user: 'x\r\ny\u202ez\u001b[2J', channel: 'q"\u0085', 'k\n': 'v' })
    expect(lines[0]).toBe(
      '2026-01-31T12:00:00.000Z INFO  a\\u000ab user="x\\u000d\\u000ay\\u202ez\\u001b[2J" channel="q\\"\\u0085" k\\u000a=v\n',
    )
  })

  it('cuts what is endless', () => {
    const { telemetry, lines } = record()
    telemetry.info('x', { user: 'y'.repeat(100_000) })
    expect(lines[0]?.length).toBeLessThan(3000)
  })

  it('says one line per failed hook, with what to do', () => {
    const { telemetry, lines } = record({ secrets: ['tok3n'] })
    telemetry.failure('hook', hookFailure, { hook: 'subscribe', user: 'ann', channel: 'room' })
    expect(lines).toEqual([
      '2026-01-31T12:00:00.000Z WARN  hook failed: status 302 hook=subscribe user=ann channel=room request=msg_1 cause=redirect answer="status 302, text/html, 9 bytes: <html> ***" hint="needs no login"\n',
    ])
  })

  it('tells the causes of a failure and the stack of a bug', () => {
    const { telemetry, lines } = record()
    const disk = Object.assign(new Error('ENOSPC: full'), { code: 'ENOSPC', syscall: 'write' })
    telemetry.failure(
      'store',
      new Failure('commit', 'no commit', { cause: new Error('x', { cause: disk }) }),
    )
    telemetry.failure('log', disk)
    telemetry.failure('rest', new TypeError('oops'))
    telemetry.failure('rest', 'a string')
    telemetry.failure('rest', new Refusal('app_busy'))
    expect(lines.map((line) => line.slice(25))).toEqual([
      'ERROR store failed: no commit cause="x: ENOSPC: full"\n',
      'ERROR log failed: ENOSPC: full\n',
      expect.stringMatching(
        /^ERROR internal error at rest: oops stack=".*telemetry\.test\.ts.*"\n$/,
      ),
      'ERROR internal error at rest: a string stack=""\n',
      'WARN  rest: Temporarily unavailable code=app_busy\n',
    ])
  })

  it('keeps to its level', () => {
    const { telemetry, lines } = record({ logLevel: 'warn' })
    telemetry.info('a')
    telemetry.event('b')
    telemetry.warn('c')
    expect(lines).toHaveLength(1)
    const silent = record({ logLevel: 'silent' })
    silent.telemetry.failure('x', new Error('y'))
    expect(silent.lines).toEqual([])
  })
})

describe('the json log', () => {
  it('is one JSON object per line', () => {
    const { telemetry, lines } = record({ logFormat: 'json', secrets: ['s3'] })
    telemetry.child({ node: 'n1' }).event('joined', { user: 'a\nb', cookie: 'x', note: 's3!' })
    expect(lines.map((line) => JSON.parse(line))).toEqual([
      {
        level: 'info',
        time: '2026-01-31T12:00:00.000Z',
        node: 'n1',
        user: 'a\nb',
        cookie: '***',
        note: '***!',
        msg: 'joined',
      },
    ])
    expect(lines[0]?.indexOf('\n')).toBe((lines[0]?.length ?? 0) - 1)
  })
})

describe('limits', () => {
  it('are counted each time and logged once a minute, with the flag to raise', async () => {
    const { telemetry, lines, time } = record()
    for (let i = 0; i < 5; i += 1) telemetry.limit('max-channels')
    telemetry.limit('max-subscriptions')
    expect(lines).toHaveLength(2)
    expect(lines[0]).toContain('limit reached: max-channels')
    expect(lines[0]).toContain('--max-channels')
    time.now += 60_000
    telemetry.limit('max-channels')
    expect(lines[2]).toContain('times=5')
    const metrics = await telemetry.metrics.metrics()
    expect(metrics).toContain('offhook_limit_reached_total{limit="max-channels"} 6')
    expect(metrics).toContain('offhook_limit_reached_total{limit="max-subscriptions"} 1')
  })

  it('failures of hooks are counted by cause', async () => {
    const { telemetry } = record()
    telemetry.failure('hook', hookFailure, { hook: 'subscribe' })
    expect(await telemetry.metrics.metrics()).toContain(
      'offhook_hook_failures_total{hook="subscribe",cause="redirect"} 1',
    )
  })
})

describe('log files', () => {
  let folder: string
  beforeEach(() => {
    folder = fs.mkdtempSync(path.join(os.tmpdir(), 'offhook-log-'))
  })
  afterEach(() => fs.rmSync(folder, { recursive: true }))

  it('are made for their owner only, appended to, and complete after close', async () => {
    const errors = path.join(folder, 'errors.log')
    const access = path.join(folder, 'access.log')
    const settings: TelemetrySettings = {
      logLevel: 'info',
      logFormat: 'text',
      logFileErrors: errors,
      logFileAccess: access,
    }
    for (let round = 0; round < 2; round += 1) {
      const telemetry = createTelemetry(settings)
      for (let i = 0; i < 100; i += 1) telemetry.info(`line ${i}`)
      telemetry.access?.({
        method: 'GET',
        path: '/web/publish?security_token=abc\n',
        status: 200,
        bytes: 45,
        ms: 1.26,
        address: '192.0.2.1',
      })
      await telemetry.close()
    }
    expect(fs.statSync(errors).mode & 0o777).toBe(0o600)
    expect(fs.statSync(access).mode & 0o777).toBe(0o600)
    expect(fs.readFileSync(errors, 'utf8').trim().split('\n')).toHaveLength(200)
    const lines = fs.readFileSync(access, 'utf8').trim().split('\n')
    expect(lines).toHaveLength(2)
    expect(lines[0]).toMatch(/^\S+Z 192\.0\.2\.1 GET \/web\/publish 200 45 1\.3ms$/)
  })

  it('that cannot be opened are said at once', () => {
    const settings = { logLevel: 'info', logFormat: 'text', logFileAccess: '' } as const
    const logFileErrors = path.join(folder, 'missing', 'errors.log')
    expect(() => createTelemetry({ ...settings, logFileErrors })).toThrow(Failure)
  })

  it('there is no access log without a file', () => {
    expect(record().telemetry.access).toBeUndefined()
  })
})
