import { expect, it } from 'vitest'
import { describeWorlds, reliableKinds } from '../helpers/world.ts'

const classicTime = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d$/
const say = (value: unknown) => JSON.stringify(value)

describeWorlds('message (spec §3)', reliableKinds, (start) => {
  it('reaches all connections of the recipient and comes back to those of the sender', async () => {
    const world = await start()
    const ann = [await world.login('ann'), await world.login('ann')]
    const bob = [await world.login('bob'), await world.login('bob')]
    ann[0]?.send('MESSAGE', { name: 'bob', payload: say({ hi: 1 }) })
    for (const client of [...ann, ...bob]) {
      expect(await client.next('MESSAGE')).toEqual({
        sender: 'ann',
        recipient: 'bob',
        payload: { hi: 1 },
        datetime: expect.stringMatching(classicTime),
      })
    }
    for (const client of [...ann, ...bob]) expect(await client.unread('MESSAGE')).toEqual([])
  })

  it('tells the hook sender, recipient, whether it exists, and the payload', async () => {
    const world = await start()
    const ann = await world.login('ann')
    await world.login('bob')
    ann.send('MESSAGE', { name: 'bob', payload: '1' })
    expect((await world.app.next('message')).form).toEqual({
      action: 'message',
      sender: 'ann',
      recipient: 'bob',
      recipient_exists: 'True',
      payload: '1',
    })
    ann.send('MESSAGE', { name: 'nobody', payload: '2' })
    expect((await world.app.next('message')).form.recipient_exists).toBe('False')
  })

  it('shows the recipient `null` where an allowed message goes to nobody', async () => {
    const world = await start()
    const ann = await world.login('ann')
    ann.send('MESSAGE', { name: 'nobody', payload: '2' })
    expect((await ann.next('MESSAGE')).recipient).toBe('null')
  })

  it('lets the hook replace payload and recipient', async () => {
    const world = await start()
    const ann = await world.login('ann')
    const bob = await world.login('bob')
    const mia = await world.login('mia')
    world.app.answer('message', [true, { override_payload: 'new', override_recipient_name: 'mia' }])
    ann.send('MESSAGE', { name: 'bob', payload: '"old"' })
    expect(await mia.next('MESSAGE')).toMatchObject({ recipient: 'mia', payload: 'new' })
    expect(await ann.next('MESSAGE')).toMatchObject({ recipient: 'mia', payload: 'new' })
    expect(await bob.unread('MESSAGE')).toEqual([])
  })

  it('shows a refusal, and carries auto lists out all the same', async () => {
    const world = await start()
    const ann = await world.login('ann')
    const bob = await world.login('bob')
    world.app.answer('message', [false, { error: 'no spam', auto_subscribe: ['jail'] }])
    const id = ann.send('MESSAGE', { name: 'bob', payload: '1' })
    expect((await ann.error(id)).msg).toBe('no spam')
    await ann.snapshot('jail')
    world.app.answer('message', [true, {}])
    ann.send('MESSAGE', { name: 'bob', payload: '"mark"' })
    expect((await bob.next('MESSAGE')).payload).toBe('mark')
    expect(await bob.unread('MESSAGE')).toEqual([])
  })

  it('asks no hook where moderated_message is off; then the recipient must exist', async () => {
    const world = await start()
    world.app.users.set('ann', { moderated_message: false })
    const ann = await world.login('ann')
    const bob = await world.login('bob')
    ann.send('MESSAGE', { name: 'bob', payload: '1' })
    expect((await bob.next('MESSAGE')).payload).toBe(1)
    const id = ann.send('MESSAGE', { name: 'nobody', payload: '1' })
    expect((await ann.error(id)).msg).toBe('Invalid user name')
    expect(world.app.count('message')).toBe(0)
  })

  it('does not come back where the sender is not reflective', async () => {
    const world = await start()
    world.app.users.set('ann', { reflective: false })
    const one = await world.login('ann')
    const two = await world.login('ann')
    const bob = await world.login('bob')
    one.send('MESSAGE', { name: 'bob', payload: '1' })
    await bob.next('MESSAGE')
    bob.send('MESSAGE', { name: 'ann', payload: '"mark"' })
    expect((await one.next('MESSAGE')).payload).toBe('mark')
    expect((await two.next('MESSAGE')).payload).toBe('mark')
  })

  it('delivers a message to oneself once', async () => {
    const world = await start()
    const ann = await world.login('ann')
    const bob = await world.login('bob')
    ann.send('MESSAGE', { name: 'ann', payload: '"me"' })
    ann.send('MESSAGE', { name: 'bob', payload: '"mark"' })
    await bob.next('MESSAGE')
    expect((await ann.next('MESSAGE')).payload).toBe('me')
    expect((await ann.next('MESSAGE')).payload).toBe('mark')
    expect(await ann.unread('MESSAGE')).toEqual([])
  })

  it('delivers a message to oneself once also without reflection', async () => {
    const world = await start()
    world.app.users.set('ann', { reflective: false })
    const ann = await world.login('ann')
    ann.send('MESSAGE', { name: 'ann', payload: '"me"' })
    expect((await ann.next('MESSAGE')).payload).toBe('me')
    expect(await ann.unread('MESSAGE')).toEqual([])
  })
})
