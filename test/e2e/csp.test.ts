import { describe, expect, it } from 'vitest'
import { cspModes } from '../helpers/csp-modes.ts'
import { describeWorlds, oneKind, type World, type WorldOptions } from '../helpers/world.ts'

describe.each(cspModes)('CSP, $name (spec §7)', (csp) => {
  describeWorlds('scenarios', oneKind, (start) => {
    async function login(world: World, user: string) {
      return world.login(user, { csp })
    }

    async function two(options?: WorldOptions) {
      const world = await start(options)
      return { world, ann: await login(world, 'ann'), bob: await login(world, 'bob') }
    }

    it('connects, subscribes and publishes in both directions, in order', async () => {
      const { world, ann, bob } = await two()
      world.app.channels.set('room', { history_size: 50 })
      expect((await ann.subscribe('room')).user).toBe('ann')
      await bob.subscribe('room')
      for (let n = 0; n < 20; n += 1) ann.publish('room', { n, text: 'é</script>\u2028' })
      for (let n = 0; n < 20; n += 1) {
        expect((await bob.published('room')).payload).toEqual({ n, text: 'é</script>\u2028' })
        expect((await ann.published('room')).payload).toMatchObject({ n })
      }
    })

    it('meets WebSocket users in the same channel', async () => {
      const world = await start()
      const ann = await login(world, 'ann')
      const bob = await world.login('bob')
      await ann.subscribe('room')
      await bob.subscribe('room')
      ann.publish('room', 'from csp')
      expect((await bob.published('room')).payload).toBe('from csp')
      bob.publish('room', 'from ws')
      await ann.published('room')
      expect((await ann.published('room')).payload).toBe('from ws')
    })

    it('shows history, state and presence', async () => {
      const { world, ann, bob } = await two()
      world.app.channels.set('room', { history_size: 5, presenceful: true, state: { a: 1 } })
      const snapshot = await ann.subscribe('room')
      expect(snapshot.state).toEqual({ a: 1 })
      ann.publish('room', 1)
      await ann.published('room')
      const later = await bob.subscribe('room')
      expect(later.presence).toEqual(['ann', 'bob'])
      expect((await ann.next('SUBSCRIBE')).user).toBe('bob')
      await world.rest.ok('state_set_key', { channel_name: 'room', key: 'b', val: [2] })
      for (const client of [ann, bob]) {
        expect((await client.next('STATE_UPDATE')).updates).toEqual({ b: [2] })
      }
    })

    it('carries messages from user to user', async () => {
      const { ann, bob } = await two()
      ann.send('MESSAGE', { name: 'bob', payload: '"hi"' })
      expect(await bob.next('MESSAGE')).toMatchObject({ sender: 'ann', payload: 'hi' })
    })

    it('shows errors and refusals, and leaves the link open', async () => {
      const world = await start()
      world.app.answer('connect', [false, { error: 'not today' }])
      const client = await world.open({ csp })
      const early = client.send('SUBSCRIBE', { channel_name: 'room' })
      expect((await client.error(early)).msg).toBe('Not connected')
      const refused = client.send('CONNECT', { cookie_string: '' })
      expect((await client.error(refused)).msg).toBe('not today')
      client.raw('rubbish\r\n')
      expect((await client.error(null)).msg).toBe('Invalid json')
      world.app.answer('connect', [true, { name: 'ann' }])
      client.send('CONNECT', { cookie_string: '' })
      expect((await client.next('CONNECTED')).name).toBe('ann')
    })

    it('tells the connect hook address and cookie string', async () => {
      const world = await start()
      await world.login('ann', { csp, headers: { 'x-forwarded-for': '203.0.113.9' } })
      const call = await world.app.next('connect')
      expect(call.headers['x-real-ip']).toBe('203.0.113.9')
      expect(call.headers.cookie).toBe('user=ann')
    })

    it('unsubscribes and disconnects a user who closes', async () => {
      const { world, ann, bob } = await two()
      world.app.channels.set('room', { presenceful: true })
      await ann.subscribe('room')
      await bob.subscribe('room')
      await bob.close()
      expect((await ann.next('UNSUBSCRIBE')).user).toBe('bob')
      expect((await world.app.next('disconnect')).form.name).toBe('bob')
    })

    it('ends cleanly where the app disconnects it', async () => {
      const { world, ann } = await two()
      await world.rest.ok('disconnect_user', { name: 'ann' })
      expect((await ann.closed).code).toBe(1000)
      expect((await world.app.next('disconnect')).form.name).toBe('ann')
    })

    it('ends a link whose frame is too large, and only that one', async () => {
      const { ann, bob } = await two()
      await ann.subscribe('room')
      for (let n = 0; n < 80; n += 1) bob.raw('x'.repeat(1000))
      expect((await bob.closed).code).toBe(1000)
      ann.publish('room', 'mark')
      await ann.published('room')
    })

    it('ends a reader that takes nothing, while others get everything', async () => {
      const { world, ann, bob } = await two({ args: ['--max-waiting-bytes', '100000'] })
      await world.rest.create('room', { moderated: false })
      await ann.subscribe('room')
      await bob.subscribe('room')
      bob.socket.pause()
      for (let n = 0; n < 30; n += 1) {
        ann.publish('room', 'x'.repeat(10_000))
        await ann.published('room')
      }
      expect((await world.app.next('disconnect')).form.name).toBe('bob')
      bob.socket.resume()
      expect((await bob.closed).code).toBe(1006)
    })

    it('brings a snapshot of megabytes whole', async () => {
      const { world, ann } = await two()
      const texts = Array.from({ length: 40 }, (_, n) => `${n}${'é'.repeat(9000)}`)
      await world.rest.create('room', { history_size: 100, moderated: false })
      for (const text of texts) await world.rest.publish('room', text)
      const { history } = await ann.subscribe('room')
      expect(history?.map(([, entry]) => entry.payload)).toEqual(texts)
    })
  })
})
