import { mkdtemp, readFile, rm, stat } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { apiToken, describeWorlds, type World, type WorldOptions } from '../helpers/world.ts'

let folder: string

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'offhook-logs-'))
})
afterAll(() => rm(folder, { recursive: true, force: true }))

const secrets = {
  token: apiToken,
  hook: 'hook-secret-7731',
  signing: 'MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw',
  cookie: 'cookie-value-9412',
  httpOnly: 'httponly-value-5523',
  payload: 'connect-payload-1187',
  polling: 'polling-query-3391',
  form: 'polling-form-6604',
}

describeWorlds(
  'secrets and logs (G7, safety §6)',
  ['one node, memory', 'one node, level'],
  (start) => {
    let serial = 0

    function logging(): { options: WorldOptions; errors: string; access: string } {
      serial += 1
      const errors = join(folder, `errors-${serial}`)
      const access = join(folder, `access-${serial}`)
      const args = [
        ...['--log-level', 'debug', '--log-file-errors', errors, '--log-file-access', access],
        ...['--webhook-secret', secrets.hook, '--signing-secret', `whsec_${secrets.signing}`],
      ]
      return { options: { args }, errors, access }
    }

    async function misuse(world: World): Promise<void> {
      const ann = await world.login('ann', {
        cookies: `sid=${secrets.cookie}`,
        headers: { Cookie: `h=${secrets.httpOnly}` },
        payload: JSON.stringify(secrets.payload),
      })
      await ann.subscribe('room')
      const { token, hook, cookie, httpOnly } = secrets
      const echo = `${token} ${hook} ${cookie} ${httpOnly} whsec_${secrets.signing}`
      world.app.answer('publish', { status: 500, body: `<p>cookie ${echo}` })
      await ann.error(ann.publish('room', 1))
      await world.rest.call('get_server_info', {}, { form: 'query' })
      await world.rest.call('get_server_info', {}, { form: 'query', token: 'wrong-token-1' })
      const url = `http://10.0.0.1/?key=${secrets.polling}`
      const form = { pass: secrets.form }
      await world.rest.call('create_channel', {
        channel_name: 'poll',
        polling: { mode: 'persistent', url, form },
      })
      await ann.close()
      await world.app.next('disconnect')
    }

    it('shows no secret in any log line, and none to other users', async () => {
      const { options, errors, access } = logging()
      const world = await start(options)
      const bob = await world.login('bob')
      world.app.channels.set('room', { presenceful: true, history_size: 5 })
      await bob.subscribe('room')
      await misuse(world)
      await bob.next('UNSUBSCRIBE')
      await world.stop()
      const logged = `${await readFile(errors, 'utf8')}\n${await readFile(access, 'utf8')}`
      expect(logged).toContain('publish')
      const told = bob.frames.all.map((frame) => frame.text).join('')
      for (const secret of [...Object.values(secrets), 'wrong-token-1']) {
        expect(logged).not.toContain(secret)
        expect(told).not.toContain(secret)
      }
      expect((await stat(errors)).mode & 0o077).toBe(0)
      expect((await stat(access)).mode & 0o077).toBe(0)
    })

    it.each([
      [{ status: 302, headers: { Location: '/login' } }, 'redirect', /login/i],
      [{ status: 403 }, 'status', /csrf/i],
      [{ status: 419 }, 'status', /csrf/i],
      [{ status: 404 }, 'status', /path|trailing/i],
      [{ body: '<html>' }, 'not_json', /./],
      [{ body: '[true]' }, 'wrong_shape', /./],
      [{ body: `[true, "${'x'.repeat(2e6)}"]` }, 'too_large', /./],
    ])('says in one line why a hook failed and what to do: %j', async (answer, cause, hint) => {
      const { options, errors } = logging()
      const world = await start(options)
      const ann = await world.login('ann')
      world.app.answer('subscribe', answer)
      await ann.error(ann.send('SUBSCRIBE', { channel_name: 'röom' }))
      const call = await world.app.next('subscribe')
      await world.stop()
      const lines = (await readFile(errors, 'utf8')).split('\n')
      const found = lines.filter((line) => line.includes(String(call.headers['webhook-id'])))
      expect(found).toHaveLength(1)
      for (const part of ['subscribe', 'röom', 'ann', cause]) expect(found[0]).toContain(part)
      expect(found[0]).toMatch(hint)
    })

    it('says that a refused connect hook carried no cookie', async () => {
      const { options, errors } = logging()
      const world = await start(options)
      world.app.answer('connect', [false, {}])
      const client = await world.open()
      await client.error(client.send('CONNECT', { cookie_string: '' }))
      await world.stop()
      expect(await readFile(errors, 'utf8')).toMatch(/no cookie|without (a )?cookie/i)
    })
  },
)
