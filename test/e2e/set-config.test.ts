import { expect, it } from 'vitest'
import { startApp } from '../helpers/app.ts'
import { apiToken, describeWorlds, oneKind } from '../helpers/world.ts'

describeWorlds('set_config (spec §6, safety §7)', oneKind, (start) => {
  it('moves hooks, paths and secrets at once', async () => {
    const world = await start()
    const other = await startApp()
    await world.rest.ok('set_config', {
      cbport: other.port,
      cbpath: '/elsewhere',
      cb_subscribe: '/sub',
      webhook_secret: 'new secret',
    })
    const ann = await world.login('ann')
    await ann.subscribe('room')
    expect(world.app.calls.all).toEqual([])
    expect(other.calls.all.map((call) => call.path)).toEqual([
      '/elsewhere/connect',
      '/elsewhere/create_channel',
      '/elsewhere/sub',
    ])
    expect(other.calls.all[0]?.form.secret).toBe('new secret')
    await world.rest.ok('set_config', { cb_single_url: `${world.app.origin}/one` })
    await world.login('bob')
    expect(world.app.calls.all.map((call) => call.path)).toEqual(['/one'])
    await other.close()
  })

  it('changes the API token', async () => {
    const world = await start()
    await world.rest.ok('set_config', { api_security_token: 'fresh' })
    expect((await world.rest.call('get_server_info')).ok).toBe(false)
    expect((await world.rest.call('get_server_info', {}, { token: 'fresh' })).ok).toBe(true)
  })

  it.each([
    ['an unknown key', { port: 99 }],
    ['port 0', { cbport: 0 }],
    ['port 70000', { cbport: 70_000 }],
    ['a text as port', { cbport: 'x' }],
    ['a host with a path', { cbhost: '127.0.0.1/evil' }],
    ['a host with userinfo', { cbhost: 'a@127.0.0.1' }],
    ['a foreign host', { cbhost: 'evil.example' }],
    ['a foreign single URL', { cb_single_url: 'http://evil.example/' }],
    ['another scheme', { cb_single_url: 'file:///etc/passwd' }],
    ['a path without slash', { cbpath: 'x' }],
    ['an empty value', { webhook_secret: '' }],
    ['a list', { cbpath: ['/x'] }],
    ['__proto__', JSON.parse('{"__proto__": "x"}') as Record<string, unknown>],
  ])('applies nothing where one value is bad: %s', async (_what, bad) => {
    const world = await start()
    const fields = { cb_connect: '/changed', ...bad }
    expect((await world.rest.call('set_config', fields, { form: 'json' })).ok).toBe(false)
    await world.login('ann')
    expect(world.app.calls.all.map((call) => call.path)).toEqual(['/hookbox/connect'])
  })

  it('refuses the secrets by GET', async () => {
    const world = await start()
    for (const key of ['webhook_secret', 'api_security_token', 'admin_password']) {
      const answer = await world.rest.call('set_config', { [key]: 'x' }, { form: 'query' })
      expect(answer.ok).toBe(false)
    }
    await world.rest.ok('get_server_info')
  })

  it('takes hosts that the start named, and none at all when switched off', async () => {
    const world = await start({ args: ['--allow-hook-host', 'hooks.example'] })
    await world.rest.ok('set_config', { cbhost: 'hooks.example' })
    await world.rest.ok('set_config', { cbhost: 'localhost' })
    const off = await start({ args: ['--set-config', 'off'] })
    expect((await off.rest.call('set_config', { cb_connect: '/x' })).ok).toBe(false)
  })

  it('ends with the process', async () => {
    const world = await start()
    await world.rest.ok('set_config', { api_security_token: 'fresh' })
    await world.restart()
    const answer = await world.rest.call('get_server_info', {}, { token: apiToken })
    expect(answer.ok).toBe(true)
  })
})
