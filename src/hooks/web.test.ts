import type { LookupFunction } from 'node:net'
import { afterEach, describe, expect, it } from 'vitest'
import {
  answerWith,
  type HookServer,
  type Respond,
  startHookServer,
} from '../../test/fixtures/hook-server.ts'
import { Failure } from '../core/errors.ts'
import type { WebSettings } from './settings.ts'
import { createWeb, type HttpWeb } from './web.ts'

const open: { close(): Promise<void> }[] = []
afterEach(async () => {
  await Promise.all(open.splice(0).map((one) => one.close()))
})

function web(change: Partial<WebSettings> = {}, lookup?: LookupFunction): HttpWeb {
  const made = createWeb(
    {
      hookHosts: [],
      allowPollingHost: [],
      hookSecret: '',
      cbInsecure: false,
      hookTimeoutMs: 10_000,
      ...change,
    },
    lookup ? { lookup } : {},
  )
  open.push(made)
  return made
}

async function serve(respond: Respond, options = {}): Promise<HookServer> {
  const server = await startHookServer(respond, options)
  open.push(server)
  return server
}

/** A name server that answers as told, a list per question. */
function names(...answers: string[][]): LookupFunction {
  let asked = 0
  return (_host, options, callback) => {
    const list = answers[Math.min(asked, answers.length - 1)] ?? []
    asked += 1
    const addresses = list.map((address) => ({ address, family: address.includes(':') ? 6 : 4 }))
    const [first] = addresses
    setImmediate(() => {
      if (options.all) callback(null, addresses)
      else callback(null, first?.address ?? '', first?.family ?? 4)
    })
  }
}

const loopback = { hookHosts: ['127.0.0.1'] }

describe('a fetch', () => {
  it('is a GET without cookies', async () => {
    const server = await serve(answerWith('{"n":1}'))
    const url = `http://127.0.0.1:${server.port}/feed?x=1#part`
    expect(await web(loopback).fetch({ method: 'GET', url, maxBytes: 100 })).toEqual({
      status: 200,
      body: '{"n":1}',
    })
    const [seen] = server.received
    expect(seen).toMatchObject({ method: 'GET', path: '/feed?x=1', body: '' })
    expect(seen?.headers).toMatchObject({ 'accept-encoding': 'identity' })
    expect(seen?.headers).not.toHaveProperty('cookie')
  })

  it('is a POST of the form and the secret', async () => {
    const server = await serve(answerWith('[true, {}]'))
    const url = `http://127.0.0.1:${server.port}/`
    const form = [['a', 'ä b']] as const
    await web({ ...loopback, hookSecret: 's' }).fetch({ method: 'POST', url, form, maxBytes: 100 })
    expect(server.received[0]?.form).toEqual([
      ['a', 'ä b'],
      ['secret', 's'],
    ])
  })

  it('keeps no cookies and follows no redirect', async () => {
    const server = await serve((_received, response) =>
      response.writeHead(302, { location: '/other', 'set-cookie': 'a=1' }).end('gone'),
    )
    const one = web(loopback)
    const url = `http://127.0.0.1:${server.port}/`
    for (let i = 0; i < 2; i += 1)
      expect(await one.fetch({ method: 'GET', url, maxBytes: 100 })).toMatchObject({ status: 302 })
    expect(server.received.map((seen) => seen.path)).toEqual(['/', '/'])
    expect(server.received[1]?.headers).not.toHaveProperty('cookie')
  })

  it('over https to a loopback host needs no right certificate', async () => {
    const server = await serve(answerWith('x'), { tls: true })
    const url = `https://127.0.0.1:${server.port}/`
    expect(await web(loopback).fetch({ method: 'GET', url, maxBytes: 9 })).toMatchObject({
      body: 'x',
    })
  })

  it.each<[string, Respond, string]>([
    ['a body over the limit', answerWith('x'.repeat(101)), 'the answer is too large'],
    ['broken UTF-8', answerWith(Buffer.from([0xff])), 'the answer is not UTF-8'],
    ['no answer', () => undefined, 'no answer in time'],
    ['a closed link', (_received, response) => response.socket?.destroy(), 'UND_ERR_SOCKET'],
  ])('fails on %s', async (_name, respond, message) => {
    const server = await serve(respond)
    const url = `http://127.0.0.1:${server.port}/`
    const fetching = web({ ...loopback, hookTimeoutMs: 200 }).fetch({
      method: 'GET',
      url,
      maxBytes: 100,
    })
    await expect(fetching).rejects.toThrow(Failure)
    await expect(fetching).rejects.toThrow(message)
  })
})

describe('where polling may not go', () => {
  it.each([
    ['nonsense', 'not a URL'],
    ['ftp://example.com/', 'http://'],
    ['file:///etc/passwd', 'http://'],
    ['http://user@example.com/', 'user'],
    ['http://:pass@example.com/', 'user'],
    ['http://127.0.0.1/', 'not public'],
    ['http://2130706433/', 'not public'],
    ['http://0x7f.1/', 'not public'],
    ['http://[::1]/', 'not public'],
    ['http://[::ffff:10.0.0.1]/', 'not public'],
    ['http://[64:ff9b::a00:1]/', 'not public'],
    ['http://169.254.169.254/latest/meta-data', 'not public'],
  ])('%s', async (url, reason) => {
    const one = web()
    await expect(one.check(url)).rejects.toThrow(reason)
    await expect(one.fetch({ method: 'GET', url, maxBytes: 100 })).rejects.toThrow(reason)
  })

  it('a name of which one address is not public', async () => {
    const one = web({}, names(['1.1.1.1', '10.0.0.1']))
    await expect(one.check('http://mixed.example/')).rejects.toThrow('not public')
    const fetching = one.fetch({ method: 'GET', url: 'http://mixed.example/', maxBytes: 100 })
    await expect(fetching).rejects.toThrow('not public')
  })

  it('a name that was public when it was checked', async () => {
    const server = await serve(answerWith('secret'))
    const one = web({}, names(['1.1.1.1'], ['127.0.0.1']))
    const url = `http://rebound.example:${server.port}/`
    await one.check(url)
    await expect(one.fetch({ method: 'GET', url, maxBytes: 100 })).rejects.toThrow('not public')
    expect(server.links()).toBe(0)
  })

  it('a port that was not allowed of a host that was', async () => {
    const server = await serve(answerWith('x'))
    const one = web({ allowPollingHost: [`127.0.0.1:${server.port + 1}`] })
    await expect(one.check(`http://127.0.0.1:${server.port}/`)).rejects.toThrow('not public')
  })
})

describe('where polling may go', () => {
  it('a public address, whether or not it answers', async () => {
    await web().check('https://1.1.1.1/x?y=1')
    await web({}, names(['1.1.1.1', '2606:4700::1111'])).check('https://public.example/')
  })

  it('a name that cannot be looked up now: the fetch will say so', async () => {
    const lookup: LookupFunction = (_host, _options, callback) =>
      setImmediate(() => callback(Object.assign(new Error('no'), { code: 'ENOTFOUND' }), '', 0))
    const one = web({}, lookup)
    await one.check('http://later.example/')
    const fetching = one.fetch({ method: 'GET', url: 'http://later.example/', maxBytes: 100 })
    await expect(fetching).rejects.toThrow('ENOTFOUND')
  })

  it('an allowed host by name, with its port or with any', async () => {
    const server = await serve(answerWith('x'))
    const lookup = names(['127.0.0.1'])
    const url = `http://feed.example:${server.port}/`
    for (const entry of [`feed.example:${server.port}`, 'feed.example']) {
      const one = web({ allowPollingHost: [entry] }, lookup)
      await one.check(url)
      expect(await one.fetch({ method: 'GET', url, maxBytes: 9 })).toMatchObject({ body: 'x' })
    }
  })
})
