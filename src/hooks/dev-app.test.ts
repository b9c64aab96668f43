import { expect, it } from 'vitest'
import { createDevApp } from './dev-app.ts'

function connect(payload: string): Promise<unknown> {
  return createDevApp()
    .ask({
      hook: 'connect',
      form: [
        ['conn_id', 'c'],
        ['payload', payload],
      ],
    })
    .then((verdict) => verdict.answer)
}

it("names a user by the connect payload's name", async () => {
  expect(await connect('{"name": "änn"}')).toEqual({ name: 'änn' })
})

it.each([
  'null',
  '"ann"',
  '{}',
  '{"name": ""}',
  '{"name": 7}',
  '{"name": "a\\nb"}',
  '[',
  '{"__proto__": {"name": "x"}}',
])('takes everybody else as a guest: %s', async (payload) => {
  expect(await connect(payload)).toEqual({})
})

it('allows everything else, and makes channels that keep a history', async () => {
  const app = createDevApp()
  for (const hook of ['subscribe', 'unsubscribe', 'publish', 'message', 'destroy_channel'] as const)
    expect(await app.ask({ hook, form: [] })).toMatchObject({ allowed: true, answer: {} })
  expect(await app.ask({ hook: 'create_channel', form: [] })).toMatchObject({
    allowed: true,
    answer: { moderated: false, history_size: 50, presenceful: true },
  })
  const notice = { id: 'n', kind: 'disconnect', due: 0, body: '{}', tries: 0 } as const
  await app.tell(notice, {})
})
