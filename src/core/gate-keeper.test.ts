import { describe, expect, it } from 'vitest'
import { FakeApp, Memo } from '../../test/helpers/core-world.ts'
import { configOf } from '../config/config-of.ts'
import type { CoreParts } from './core.ts'
import { HookFailure, Refusal } from './errors.ts'
import { GateKeeper, own, refusalOf } from './gate-keeper.ts'
import type { Verdict } from './ports.ts'

function createKeeper(dev = false) {
  const app = new FakeApp()
  const telemetry = new Memo()
  const parts = { app, telemetry, settings: configOf({ dev }) } as unknown as CoreParts
  return { app, telemetry, keeper: new GateKeeper(parts, () => {}) }
}

const question = { hook: 'subscribe', form: [['channel_name', 'room']], user: 'ann' } as const

function verdict(allowed: boolean, answer: Record<string, unknown>): Verdict {
  return { allowed, answer, setCookies: [], requestId: 'msg_1' }
}

const timeout = new HookFailure({
  reason: 'timeout',
  requestId: 'msg_9',
  message: 'no answer within 10 s',
  hint: 'is the app single-threaded?',
})

describe('GateKeeper', () => {
  it('passes the verdict on', async () => {
    const { app, keeper } = createKeeper()
    app.answers.set('subscribe', () => [false, { error: 'full' }])
    await expect(keeper.ask(question)).resolves.toMatchObject({ allowed: false })
    await expect(keeper.pass(question)).rejects.toMatchObject({
      code: 'unauthorized',
      message: 'full',
    })
  })

  it('fails closed, reports the cause once and hides it from the client', async () => {
    const { app, telemetry, keeper } = createKeeper()
    app.answers.set('subscribe', () => Promise.reject(timeout))
    await expect(keeper.ask(question)).rejects.toMatchObject({
      code: 'app_failed',
      message: 'Temporarily unavailable',
      retry: true,
    })
    expect(telemetry.failures).toEqual([{ stage: 'hook', error: timeout }])
  })

  it('tells the client cause and request id with --dev', async () => {
    const { app, keeper } = createKeeper(true)
    app.answers.set('subscribe', () => Promise.reject(timeout))
    await expect(keeper.ask(question)).rejects.toThrow(
      'Temporarily unavailable (timeout, request msg_9)',
    )
  })

  it('passes a refusal of the app’s adapter on without a report', async () => {
    const { app, telemetry, keeper } = createKeeper()
    app.answers.set('subscribe', () => Promise.reject(new Refusal('app_busy')))
    await expect(keeper.ask(question)).rejects.toMatchObject({ code: 'app_busy' })
    expect(telemetry.failures).toEqual([])
  })

  it('does an act once for all who ask meanwhile, and again later', async () => {
    const { keeper } = createKeeper()
    let runs = 0
    const gate = Promise.withResolvers<void>()
    const act = async () => {
      runs += 1
      await gate.promise
      return runs
    }
    const all = [keeper.once('a', act), keeper.once('a', act), keeper.once('b', async () => 'b')]
    gate.resolve()
    await expect(Promise.all(all)).resolves.toEqual([1, 1, 'b'])
    await expect(keeper.once('a', act)).resolves.toBe(2)
  })

  it('shares a failure too, and asks anew after it', async () => {
    const { keeper } = createKeeper()
    const fails = () => Promise.reject(new Refusal('app_failed'))
    const both = [keeper.once('a', fails), keeper.once('a', async () => 'never')]
    const outcomes = await Promise.allSettled(both)
    expect(outcomes.map(({ status }) => status)).toEqual(['rejected', 'rejected'])
    await expect(keeper.once('a', async () => 'anew')).resolves.toBe('anew')
  })
})

describe('refusalOf', () => {
  it.each([
    [{}, 'Unauthorized'],
    [{ error: '' }, 'Unauthorized'],
    [{ error: null }, 'Unauthorized'],
    [{ error: 'banned' }, 'banned'],
    [{ msg: 'banned' }, 'banned'],
    [{ error: 'first', msg: 'second' }, 'first'],
    [{ error: { code: 7 } }, '{"code":7}'],
  ])('of %j is %s', (answer, text) => {
    expect(refusalOf(verdict(false, answer)).message).toBe(text)
  })
})

describe('own', () => {
  it('sees no key of the prototype', () => {
    expect(own({}, 'constructor')).toBeUndefined()
    expect(own(JSON.parse('{"__proto__":{"name":"root"}}'), 'name')).toBeUndefined()
  })
})
