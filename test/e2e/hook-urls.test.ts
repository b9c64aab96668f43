import { createHmac } from 'node:crypto'
import { expect, it } from 'vitest'
import type { TestApp } from '../helpers/app.ts'
import { describeWorlds, oneKind } from '../helpers/world.ts'

const cb = (app: TestApp) => ['--cbhost', '127.0.0.1', '--cbport', String(app.port)]

describeWorlds('hooks: where they go (spec §5, §9)', oneKind, (start) => {
  async function pathsOf(args: (app: TestApp) => readonly string[]) {
    const world = await start({ appArgs: args })
    const ann = await world.login('ann')
    await ann.subscribe('room')
    return world.app.calls.all.map((call) => call.path)
  }

  it('stand under /hookbox by default', async () => {
    expect(await pathsOf(cb)).toEqual([
      '/hookbox/connect',
      '/hookbox/create_channel',
      '/hookbox/subscribe',
    ])
  })

  it('take another path, also an empty one', async () => {
    expect(await pathsOf((app) => [...cb(app), '--cbpath', '/my/hooks'])).toContain(
      '/my/hooks/connect',
    )
    expect(await pathsOf((app) => [...cb(app), '--cbpath='])).toContain('/connect')
  })

  it('take a path of their own each', async () => {
    const own = ['--cb-connect', 'login', '--cb-create_channel', 'make?x=1']
    expect(await pathsOf((app) => [...cb(app), ...own])).toEqual([
      '/hookbox/login',
      '/hookbox/make?x=1',
      '/hookbox/subscribe',
    ])
  })

  it('end in a slash, before any query, with --cbtrailingslash', async () => {
    const own = ['--cbtrailingslash', '--cb-create_channel', 'make?x=1']
    expect(await pathsOf((app) => [...cb(app), ...own])).toEqual([
      '/hookbox/connect/',
      '/hookbox/make/?x=1',
      '/hookbox/subscribe/',
    ])
  })

  it('all go to the single URL, told apart by action', async () => {
    const one = (app: TestApp) => ['--cb-single-url', `${app.origin}/all?k=v`]
    expect(await pathsOf(one)).toEqual(['/all?k=v', '/all?k=v', '/all?k=v'])
    expect(await pathsOf((app) => [...one(app), '--cbtrailingslash'])).toContain('/all/?k=v')
  })
})

describeWorlds('hooks: headers (spec §5, hipochat §6)', oneKind, (start) => {
  it('say the version only if asked for', async () => {
    const plain = await start()
    await plain.login('ann')
    expect((await plain.app.next('connect')).headers).not.toHaveProperty('x-hookbox-version')
    const world = await start({ args: ['--cbsendhookboxversion'] })
    await world.login('ann')
    expect((await world.app.next('connect')).headers['x-hookbox-version']).toMatch(/\d/)
  })

  it('send the Host that --app-host-header names', async () => {
    const world = await start({ args: ['--app-host-header', 'app.example'] })
    await world.login('ann')
    expect((await world.app.next('connect')).headers.host).toBe('app.example')
  })

  it('are signed over id, time and body, each question under its own id', async () => {
    const key = 'MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw'
    const world = await start({ args: ['--signing-secret', `whsec_${key}`] })
    const ann = await world.login('ann')
    await ann.subscribe('room')
    const ids = world.app.calls.all.map((call) => {
      const id = call.headers['webhook-id']
      const time = call.headers['webhook-timestamp']
      const mac = createHmac('sha256', Buffer.from(key, 'base64'))
      const expected = mac.update(`${id}.${time}.${call.body}`).digest('base64')
      expect(String(call.headers['webhook-signature']).split(' ')).toContain(`v1,${expected}`)
      return id
    })
    expect(new Set(ids).size).toBe(3)
  })

  it('ask for no compression', async () => {
    const world = await start()
    await world.login('ann')
    expect((await world.app.next('connect')).headers['accept-encoding']).toBe('identity')
  })
})
