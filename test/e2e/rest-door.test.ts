import { connect } from 'node:net'
import { expect, it } from 'vitest'
import { Rest, type RestForm } from '../helpers/rest.ts'
import { apiToken, describeWorlds, oneKind, type World } from '../helpers/world.ts'

const urlOf = (world: World) => world.nodes[0]?.url ?? ''

/** Sends bytes as they are and answers what comes until the link ends. */
function rawHttp(port: number, text: string): Promise<string> {
  return new Promise((resolve, reject) => {
    let answer = ''
    const socket = connect(port, '127.0.0.1', () => socket.write(text))
    socket.on('data', (chunk) => (answer += chunk))
    socket.on('end', () => resolve(answer))
    socket.on('error', reject)
  })
}

describeWorlds('REST: ways to call it (spec §6)', oneKind, (start) => {
  it.each([
    ['form', '/web/'],
    ['query', '/web/'],
    ['json', '/web/'],
    ['form', '/rest/'],
    ['query', '/rest/'],
    ['json', '/rest/'],
    ['form', '/'],
    ['query', '/'],
    ['json', '/'],
  ] as [RestForm, string][])('takes the seed’s three as %s under %s', async (form, path) => {
    const world = await start()
    await world.rest.create('röom', { history_size: 3 })
    const how = { form, path }
    const name = { channel_name: 'röom' }
    const publish = await world.rest.call('publish', { ...name, payload: { a: 'é' } }, how)
    expect([publish.status, publish.ok, publish.body.offset]).toEqual([200, true, 1])
    const set = await world.rest.call('set_channel_options', { ...name, reflective: false }, how)
    expect([set.status, set.ok]).toEqual([200, true])
    const info = await world.rest.call('channel_info', name, how)
    expect(info.body).toMatchObject({ channel_name: 'röom', reflective: false, history: 3 })
    const full = await world.rest.ok('get_channel_info', name)
    expect(full.options?.history).toMatchObject([['PUBLISH', { payload: { a: 'é' } }]])
  })

  it.each(['form', 'query', 'json'] as RestForm[])(
    'takes every other method as %s',
    async (form) => {
      const world = await start()
      const ann = await world.login('ann')
      await world.login('bob')
      const calls: [string, Record<string, unknown>][] = [
        ['create_channel', { channel_name: 'room', state: { a: 1 } }],
        ['subscribe', { channel_name: 'room', name: 'ann' }],
        ['state_set_key', { channel_name: 'room', key: 'k', val: { deep: [true] } }],
        ['state_delete_key', { channel_name: 'room', key: 'k' }],
        ['publish_multi', { channel_names: 'room', payload: 1 }],
        ['publish_batch', { entries: [{ channel_name: 'room', payload: 1 }] }],
        ['message', { sender_name: 'bob', recipient_name: 'ann', payload: 1 }],
        ['get_channel_info', { channel_name: 'room' }],
        ['get_user_info', { user_name: 'ann' }],
        ['set_user_options', { user_name: 'ann', reflective: false }],
        ['get_server_info', {}],
        ['set_config', { cb_publish: '/other' }],
        ['unsubscribe', { channel_name: 'room', name: 'ann' }],
        ['disconnect_user', { name: 'ann' }],
      ]
      for (const [method, fields] of calls) {
        const { status, ok, body } = await world.rest.call(method, fields, { form })
        expect([method, status, ok, body.msg]).toEqual([method, 200, true, undefined])
      }
      await ann.closed
    },
  )

  it('takes the token as a field or as a Bearer header', async () => {
    const world = await start()
    const headers = { Authorization: `Bearer ${apiToken}` }
    for (const form of ['form', 'query', 'json'] as RestForm[]) {
      const answer = await world.rest.call('get_server_info', {}, { form, token: null, headers })
      expect(answer.ok).toBe(true)
    }
  })

  it.each([null, '', 'wrong', `${apiToken}x`])('refuses the token %j', async (token) => {
    const world = await start()
    for (const form of ['form', 'query', 'json'] as RestForm[]) {
      const answer = await world.rest.call('get_server_info', {}, { form, token })
      expect([answer.status, answer.ok, answer.body]).toEqual([
        200,
        false,
        { msg: 'Invalid Security Token' },
      ])
    }
  })

  it('takes a body as form also with another or no content type', async () => {
    const world = await start()
    const body = `security_token=${apiToken}`
    const post = async (headers: Record<string, string>) => {
      const bytes = new Blob([body])
      const response = await fetch(`${urlOf(world)}/web/get_server_info`, {
        method: 'POST',
        headers,
        body: await bytes.arrayBuffer(),
      })
      return (await response.json()) as unknown
    }
    const right = [true, { channels: [], connections: [] }]
    expect(await post({ 'Content-Type': 'text/plain' })).toEqual(right)
    expect(await post({ 'Content-Type': 'application/octet-stream' })).toEqual(right)
    expect(await post({})).toEqual(right)
  })

  it('answers an unknown method by 404 in the same shape', async () => {
    const world = await start()
    for (const path of ['/web/', '/rest/']) {
      const answer = await world.rest.call('no_such_method', {}, { path })
      expect([answer.status, answer.ok]).toEqual([404, false])
      expect(answer.body.msg).toEqual(expect.any(String))
    }
    for (const name of ['__proto__', 'constructor', 'toString'])
      expect((await world.rest.call(name)).status).toBe(404)
  })

  it('says where it is switched off', async () => {
    const world = await start({ token: null })
    const answer = await world.rest.call('get_server_info')
    expect(answer.ok).toBe(false)
    expect(answer.body.msg).toMatch(/^Rest api is disabled by configuration\. /)
  })

  it('forbids caching, referrers, sniffing and cross-origin reading', async () => {
    const world = await start()
    const headers = { Origin: 'https://evil.example' }
    const answer = await world.rest.call('get_server_info', {}, { headers })
    expect(answer.headers.get('cache-control')).toBe('no-store')
    expect(answer.headers.get('referrer-policy')).toBe('no-referrer')
    expect(answer.headers.get('x-content-type-options')).toBe('nosniff')
    expect(answer.headers.get('access-control-allow-origin')).toBeNull()
    expect(answer.headers.get('content-type')).toMatch(/json/)
  })
})

describeWorlds('REST: bad calls (spec §6, issue item 9)', oneKind, (start) => {
  async function refused(world: World, init: RequestInit, query = '') {
    const response = await fetch(`${urlOf(world)}/web/publish${query}`, init)
    const [ok, body] = (await response.json()) as [unknown, { msg?: string }]
    expect(ok).toBe(false)
    expect(body.msg).toEqual(expect.any(String))
    return body.msg
  }

  it.each([
    ['broken JSON', 'application/json', '{"channel_name": '],
    ['a JSON list', 'application/json', '[]'],
    ['a JSON text', 'application/json', '"x"'],
    ['deep JSON', 'application/json', `{"payload":${'['.repeat(1e4)}${']'.repeat(1e4)}}`],
    ['a number as name', 'application/json', `{"security_token":"${apiToken}","channel_name":5}`],
    ['__proto__', 'application/json', `{"__proto__":{"security_token":"${apiToken}"}}`],
    ['invalid UTF-8 escapes', 'application/x-www-form-urlencoded', 'channel_name=%ff%fe'],
    ['a broken form', 'application/x-www-form-urlencoded', '%%%&&==&channel_name=%zz'],
  ])('refuses %s', async (_what, type, body) => {
    const world = await start()
    await world.rest.create('room')
    const headers = { 'Content-Type': type, Authorization: `Bearer ${apiToken}` }
    await refused(world, { method: 'POST', headers, body })
  })

  it('refuses a field given twice, also once in the query and once in the body', async () => {
    const world = await start()
    await world.rest.create('room', { history_size: 5 })
    const headers = { 'Content-Type': 'application/x-www-form-urlencoded' }
    const body = `security_token=${apiToken}&channel_name=room&payload=1`
    await refused(world, { method: 'POST', headers, body: `${body}&channel_name=room` })
    await refused(world, { method: 'POST', headers, body }, '?channel_name=room')
    await refused(world, {}, `?${body}&payload=2`)
    const info = await world.rest.ok('get_channel_info', { channel_name: 'room' })
    expect(info.options?.history).toEqual([])
  })

  it.each(['', 'a\nb', 'a\u0000', 'x'.repeat(201), 'a\u2028b', 'a\u202eb', '\ufeffa'])(
    'refuses the channel name %j',
    async (name) => {
      const world = await start()
      await world.rest.refused('create_channel', { channel_name: name })
      expect((await world.rest.ok('get_server_info')).channels).toEqual([])
    },
  )

  it.each(['}', '{', 'a}:log', ':', '%', '__proto__', 'constructor', '😀'.repeat(200), 'a/b?c#d'])(
    'takes the channel name %j',
    async (name) => {
      const world = await start()
      await world.rest.create(name, { history_size: 2 })
      await world.rest.publish(name, 1)
      const ann = await world.login('ann')
      expect((await ann.subscribe(name)).history).toHaveLength(1)
    },
  )

  it('refuses a payload that is not JSON, and a value of an option that is not', async () => {
    const world = await start()
    await world.rest.create('room')
    const headers = { 'Content-Type': 'application/x-www-form-urlencoded' }
    const body = `security_token=${apiToken}&channel_name=room&payload={nope`
    await refused(world, { method: 'POST', headers, body })
    const response = await fetch(`${urlOf(world)}/web/set_channel_options`, {
      method: 'POST',
      headers,
      body: `security_token=${apiToken}&channel_name=room&history_size=many`,
    })
    expect(await response.json()).toEqual([
      false,
      { msg: 'Invalid json value for option history_size' },
    ])
  })

  it('answers a body above the limit by 413 and goes on', async () => {
    const world = await start()
    const response = await fetch(`${urlOf(world)}/web/publish`, {
      method: 'POST',
      headers: { 'Content-Type': 'application/json', Authorization: `Bearer ${apiToken}` },
      body: JSON.stringify({ payload: 'x'.repeat(1_100_000) }),
    }).catch(() => undefined)
    if (response !== undefined) expect(response.status).toBe(413)
    await world.rest.ok('get_server_info')
  })

  it.each(['PUT', 'DELETE', 'PATCH', 'OPTIONS'])('refuses the HTTP method %s', async (method) => {
    const world = await start()
    await world.rest.create('room')
    const query = `security_token=${apiToken}&channel_name=room`
    const response = await fetch(`${urlOf(world)}/web/destroy_channel?${query}`, { method })
    expect(response.status).toBeGreaterThanOrEqual(400)
    expect((await world.rest.ok('get_server_info')).channels).toEqual(['room'])
  })

  it('ends a POST that never ends by 408, and headers that never end', async () => {
    const world = await start({ args: ['--request-timeout', '1', '--headers-timeout', '1'] })
    const port = world.nodes[0]?.port ?? 0
    const post = 'POST /web/publish HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\nsecu'
    const [body, headers] = await Promise.all([
      rawHttp(port, post),
      rawHttp(port, 'GET /web/publish HTTP/1.1\r\nHost: x\r\nX-Slow: '),
    ])
    expect(body).toMatch(/^HTTP\/1\.1 408 /)
    expect(headers).toMatch(/^HTTP\/1\.1 408 /)
    await world.rest.ok('get_server_info')
  })

  it('answers rubbish that is not HTTP by 400 and goes on', async () => {
    const world = await start()
    expect(await rawHttp(world.nodes[0]?.port ?? 0, '\u0000\u0001rubbish\r\n\r\n')).toMatch(
      /^HTTP\/1\.1 400 /,
    )
    await world.rest.ok('get_server_info')
  })

  it('answers 429 after too many failed logins, but always serves a right token', async () => {
    const world = await start({ args: ['--max-failed-logins', '5'] })
    const statuses: number[] = []
    for (let n = 0; n < 8; n += 1)
      statuses.push((await world.rest.call('get_server_info', {}, { token: 'wrong' })).status)
    expect(statuses.slice(0, 5)).toEqual([200, 200, 200, 200, 200])
    expect(statuses.at(-1)).toBe(429)
    await world.rest.ok('get_server_info')
  })
})

describeWorlds('REST on its own port (spec §6)', oneKind, (start) => {
  it('stands there at /web/NAME and /NAME, and no longer on the main one', async () => {
    const args = ['--web-api-port', '0', '--web-api-interface', '127.0.0.1']
    const world = await start({ args })
    const node = world.nodes[0]
    const api = new Rest([`http://127.0.0.1:${node?.webApi?.port}`], apiToken)
    for (const path of ['/web/', '/'])
      expect((await api.call('get_server_info', {}, { path })).ok).toBe(true)
    for (const path of ['/web/get_server_info', '/rest/publish', '/publish']) {
      const response = await fetch(`${node?.url}${path}?security_token=${apiToken}`)
      expect(response.status).toBe(404)
    }
    const ann = await world.login('ann')
    await ann.subscribe('room')
    await api.publish('room', 1)
    await ann.published('room')
  })
})
