import { expect, it } from 'vitest'
import { createManualClock } from '../helpers/manual-clock.ts'
import { describeWorlds, reliableKinds } from '../helpers/world.ts'

describeWorlds('notices that the app did not take', reliableKinds, (start) => {
  it('are listed by REST, the last first, and told again when it says so', async () => {
    const clock = createManualClock()
    const world = await start({ clock })
    world.app.answer('disconnect', { status: 500 })
    for (const [i, user] of ['ann', 'bob'].entries()) {
      const client = await world.login(user)
      await client.close()
      const tries = 5 * (i + 1)
      while (world.app.count('disconnect') < tries) await clock.advance(1000)
      await expect.poll(async () => (await world.rest.ok('notices')).dead).toBe(i + 1)
    }
    const page = await world.rest.ok('notices', { limit: 1 })
    expect(page).toEqual({
      notices: [
        {
          id: expect.stringMatching(/^msg_[0-9a-f]{32}$/),
          kind: 'disconnect',
          due: expect.stringMatching(/^\d{4}-\d\d-\d\dT.*Z$/),
          tries: 5,
          body: expect.objectContaining({ name: 'bob', channels: [] }),
        },
      ],
      next: expect.any(String),
      waiting: 0,
      dead: 2,
    })
    const rest = await world.rest.ok('notices', { limit: 1, after: page.next })
    expect(rest.notices?.map(({ body }) => body)).toEqual([
      expect.objectContaining({ name: 'ann' }),
    ])
    expect(rest).not.toHaveProperty('next')

    world.app.answer('disconnect', { status: 200 })
    const id = page.notices?.[0]?.id
    expect(await world.rest.ok('replay_notice', { id })).toEqual({ replayed: true })
    expect(await world.rest.refused('replay_notice', { id })).toBe(`Notice ${id} doesn't exist`)
    while (world.app.count('disconnect') < 11) await clock.advance(1000)
    const last = world.app.all('disconnect').at(-1)
    expect(last?.headers['webhook-id']).toBe(id)
    expect(last?.form.name).toBe('bob')
    await expect.poll(() => world.rest.ok('notices')).toMatchObject({ waiting: 0, dead: 1 })
  })
})
