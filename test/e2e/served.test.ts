import { expect, it } from 'vitest'
import { describeWorlds, oneKind } from '../helpers/world.ts'

describeWorlds('what is served (spec §8, safety §1, §8)', oneKind, (start) => {
  it.each([
    'hookbox.js',
    'hookbox.min.js',
    'offhook.js',
    'offhook.min.js',
    'offhook-rooms.js',
    'offhook-rooms.min.js',
    'talk.js',
  ])('serves /static/%s to any site', async (name) => {
    const world = await start()
    const headers = { Origin: 'https://other.example' }
    const response = await fetch(`${world.nodes[0]?.url}/static/${name}`, { headers })
    expect(response.status).toBe(200)
    expect(response.headers.get('content-type')).toMatch(/javascript/)
    expect(response.headers.get('x-content-type-options')).toBe('nosniff')
    expect(response.headers.get('access-control-allow-origin')).toBe('*')
    expect(response.headers.get('access-control-allow-credentials')).toBeNull()
    expect(response.headers.get('vary')?.toLowerCase()).toContain('origin')
    expect(await response.text()).toContain(name.split(/[.-]/)[0])
  })

  it.each([
    '/static/../package.json',
    '/static/%2e%2e/package.json',
    '/static/..%2f..%2fpackage.json',
    '/static/%00',
    '/static/hookbox.js/x',
    '/static/',
    '/nothing',
    '/__proto__',
  ])('answers %s by 404', async (path) => {
    const world = await start()
    const response = await fetch(`${world.nodes[0]?.url}${path}`)
    expect(response.status).toBe(404)
    expect(response.headers.get('x-content-type-options')).toBe('nosniff')
  })

  it('is alive and ready, in reason codes only and without CORS', async () => {
    const world = await start()
    for (const path of ['/health/live', '/health/ready']) {
      const headers = { Origin: 'https://other.example' }
      const response = await fetch(`${world.nodes[0]?.url}${path}`, { headers })
      expect(response.status).toBe(200)
      expect(response.headers.get('access-control-allow-origin')).toBeNull()
      expect(response.headers.get('x-content-type-options')).toBe('nosniff')
    }
  })
})

describeWorlds('origins of WebSockets (safety §1)', oneKind, (start) => {
  it('lets a page of any origin connect, unless --allow-origin narrows that', async () => {
    const world = await start()
    await world.login('ann', { origin: 'https://any.example' })
    await world.login('bob', { origin: 'null' })
    const narrow = await start({ args: ['--allow-origin', 'https://good.example'] })
    await narrow.login('ann', { origin: 'https://good.example' })
    for (const origin of [
      'https://evil.example',
      'https://good.example.evil',
      'null',
      'http://good.example',
    ])
      await expect(narrow.open({ origin })).rejects.toThrow('403')
  })

  it.each([
    ['the server itself', (self: string) => self, true],
    ['localhost for 127.0.0.1', (self: string) => self.replace('127.0.0.1', 'localhost'), true],
    ['[::1] for 127.0.0.1', (self: string) => self.replace('127.0.0.1', '[::1]'), true],
    ['another port', () => 'http://127.0.0.1:1', false],
    ['another scheme', (self: string) => self.replace('http:', 'https:'), false],
    [
      'a host that only begins alike',
      (self: string) => self.replace('127.0.0.1', '127.0.0.1.evil.example'),
      false,
    ],
    ['rubbish', () => 'http://', false],
  ])('counts cookies of a page on %s', async (_what, originOf, own) => {
    const world = await start()
    const origin = originOf(world.nodes[0]?.url ?? '')
    const client = await world.open({ origin, headers: { Cookie: 'user=ann' } })
    client.send('CONNECT', { cookie_string: '' })
    const { name } = await client.next('CONNECTED')
    expect(name === 'ann').toBe(own)
  })

  it('trusts the Host header only while no --public-url is set', async () => {
    const args = ['--public-url', 'https://chat.example', '--own-origin', 'https://app.example']
    const world = await start({ args })
    const nameFrom = async (origin: string) => {
      const client = await world.open({ origin, headers: { Cookie: 'user=ann' } })
      client.send('CONNECT', { cookie_string: '' })
      return (await client.next('CONNECTED')).name
    }
    expect(await nameFrom('https://chat.example')).toBe('ann')
    expect(await nameFrom('https://app.example')).toBe('ann')
    expect(await nameFrom(world.nodes[0]?.url ?? '')).toMatch(/^guest-/)
  })
})

describeWorlds('ways in (spec §2)', oneKind, (start) => {
  it('takes WebSockets at /ws and nowhere else', async () => {
    const world = await start()
    await world.open({ path: '/ws' })
    await world.open({ path: '/ws/' })
    for (const path of ['/', '/wss', '/web/publish', '/ws/../x'])
      await expect(world.open({ path })).rejects.toThrow(/40[04]/)
  })

  it('survives a link that ends in the middle of everything', async () => {
    const world = await start()
    const held = world.app.hold('connect')
    const client = await world.open()
    client.send('CONNECT', { cookie_string: 'user=ann' })
    client.send('SUBSCRIBE', { channel_name: 'room' })
    await world.app.next('connect')
    await client.cut()
    held.release()
    const slow = world.app.hold('subscribe')
    const bob = await world.login('bob')
    bob.send('SUBSCRIBE', { channel_name: 'room' })
    await world.app.next('subscribe')
    await bob.cut()
    slow.release()
    const mia = await world.login('mia')
    expect((await mia.subscribe('room')).presence).toEqual([])
    await expect
      .poll(
        async () => (await world.rest.ok('get_channel_info', { channel_name: 'room' })).subscribers,
      )
      .toEqual(['mia'])
    await expect
      .poll(async () => (await world.rest.ok('get_server_info')).connections?.length)
      .toBe(1)
  })
})
