import { afterEach, describe, expect, it } from 'vitest'
import { Refusal } from '../../../src/core/errors.ts'
import type { Bus, BusAddress, BusMessage, NodeRequest } from '../../../src/core/ports.ts'
import { Inbox } from '../../helpers/inbox.ts'

/** Opens the ends of some nodes of one cluster that nothing else talks in. */
export type OpenBuses = (nodes: readonly string[]) => Promise<readonly Bus[]>

/** The contract of `Bus`: every adapter runs it. What it may lose, repeat and reorder is no part of it. */
export function describeBus(name: string, open: OpenBuses): void {
  describe(`${name} bus`, () => {
    const opened: Bus[] = []
    const openTwo = async () => {
      const [a, b] = await open(['a', 'b'])
      if (a === undefined || b === undefined) throw new Error('two buses were asked for')
      opened.push(a, b)
      return { a, b }
    }
    afterEach(async () => {
      await Promise.all(opened.splice(0).map((bus) => bus.close()))
    })
    describeMessages(openTwo)
    describeRequests(openTwo)
  })
}

type OpenTwo = () => Promise<{ a: Bus; b: Bus }>

function describeMessages(openTwo: OpenTwo): void {
  it('brings a message to who has subscribed, as it was', async () => {
    const { a, b } = await openTwo()
    const got = listen(b)
    await b.subscribe('user:ann')
    const message = note(7, 'ann: "é😀" {}')
    a.publish('user:ann', message)
    expect(await got.next('message')).toEqual({ address: 'user:ann', message })
  })

  it('brings every message to a quiet cluster at least once', async () => {
    const { a, b } = await openTwo()
    const got = listen(b)
    await b.subscribe('user:ann')
    for (let version = 1; version <= 200; version += 1) a.publish('user:ann', note(version))
    for (let version = 1; version <= 200; version += 1) {
      await got.next(`version ${version}`, ({ message }) => versionOf(message) === version)
    }
  })

  it('brings none to who has not subscribed, nor after unsubscribing', async () => {
    const { a, b } = await openTwo()
    const got = listen(b)
    await b.subscribe('user:last')
    await b.subscribe('user:bob')
    b.unsubscribe('user:bob')
    a.publish('user:ann', note(1))
    a.publish('user:bob', note(2))
    a.publish('user:last', note(3))
    await got.next('last message', ({ address }) => address === 'user:last')
    expect(new Set(got.all.map(({ address }) => address))).toEqual(new Set(['user:last']))
  })

  it.each([
    ['channel:a', 'user:a', 'node:a'],
    ['channel:}', 'channel:{', 'channel:a}:log'],
    ['channel:*', 'channel:abc', 'channel:#'],
    ['user:__proto__', 'user:constructor', 'user:😀'],
    ['channel:a.b', 'channel:a', 'channel:a.b.c'],
  ] as const)('keeps %s apart from %s and %s', async (wanted, other, another) => {
    const { a, b } = await openTwo()
    const got = listen(b)
    await b.subscribe(wanted)
    a.publish(other, note(1))
    a.publish(another, note(2))
    a.publish(wanted, note(3))
    await got.next('message', ({ message }) => versionOf(message) === 3)
    expect(new Set(got.all.map(({ address }) => address))).toEqual(new Set([wanted]))
  })

  it('takes subscribing twice as once', async () => {
    const { a, b } = await openTwo()
    const got = listen(b)
    await b.subscribe('user:ann')
    await b.subscribe('user:ann')
    b.unsubscribe('user:ann')
    await b.subscribe('user:last')
    a.publish('user:ann', note(1))
    a.publish('user:last', note(2))
    await got.next('last message', ({ address }) => address === 'user:last')
    expect(got.all.some(({ address }) => address === 'user:ann')).toBe(false)
  })

  it('subscribes again after unsubscribing', async () => {
    const { a, b } = await openTwo()
    const got = listen(b)
    await b.subscribe('user:ann')
    b.unsubscribe('user:ann')
    await b.subscribe('user:ann')
    a.publish('user:ann', note(1))
    await got.next('message')
  })

  it('takes unsubscribing from what was never subscribed', async () => {
    const { a } = await openTwo()
    expect(() => a.unsubscribe('channel:never')).not.toThrow()
  })

  it('brings nothing within the call that publishes', async () => {
    const { a, b } = await openTwo()
    const got = listen(b)
    await b.subscribe('user:ann')
    a.publish('user:ann', note(1))
    expect(got.all).toEqual([])
    await got.next('message')
  })
}

function describeRequests(openTwo: OpenTwo): void {
  it('asks a node and brings its answer', async () => {
    const { a, b } = await openTwo()
    await b.subscribe('node:b')
    b.onRequest(async (request) => JSON.stringify({ echo: request }))
    const asked = ask('r1')
    expect(JSON.parse(await a.request('b', asked, 5000))).toEqual({ echo: asked })
  })

  it('tells the answers of many requests apart', async () => {
    const { a, b } = await openTwo()
    await b.subscribe('node:b')
    b.onRequest(async ({ id }) => JSON.stringify(id))
    const ids = Array.from({ length: 50 }, (_, index) => `r${index}`)
    const answers = await Promise.all(ids.map((id) => a.request('b', ask(id), 5000)))
    expect(answers).toEqual(ids.map((id) => JSON.stringify(id)))
  })

  it('asks the node itself too', async () => {
    const { a } = await openTwo()
    await a.subscribe('node:a')
    a.onRequest(async () => '"me"')
    expect(await a.request('a', ask('r1'), 5000)).toBe('"me"')
  })

  it('refuses what a node that nobody knows is asked, and a repeat may succeed', async () => {
    const { a } = await openTwo()
    const refusal = await a.request('nobody', ask('r1'), 50).catch((error: unknown) => error)
    expect(refusal).toBeInstanceOf(Refusal)
    expect(refusal).toMatchObject({ code: 'node_unreachable', retry: true })
  })

  it('refuses what is not answered before the deadline, and a repeat may succeed', async () => {
    const { a, b } = await openTwo()
    await b.subscribe('node:b')
    b.onRequest(() => new Promise(() => {}))
    const refusal = await a.request('b', ask('r1'), 50).catch((error: unknown) => error)
    expect(refusal).toMatchObject({ code: 'node_unreachable', retry: true })
  })

  it('reaches a closed node no more', async () => {
    const { a, b } = await openTwo()
    await b.subscribe('node:b')
    b.onRequest(async () => 'null')
    await b.close()
    await expect(a.request('b', ask('r1'), 50)).rejects.toMatchObject({ code: 'node_unreachable' })
  })
}

interface Got {
  readonly address: BusAddress
  readonly message: BusMessage
}

function listen(bus: Bus): Inbox<Got> {
  const got = new Inbox<Got>(JSON.stringify)
  bus.onMessage((address, message) => got.push({ address, message }))
  return got
}

function note(version: number, user = 'ann'): BusMessage {
  return { v: 1, type: 'user', node: 'a', user, version }
}

function versionOf(message: BusMessage): number | undefined {
  return message.type === 'user' ? message.version : undefined
}

function ask(id: string): NodeRequest {
  return { v: 1, id, act: 'tell', body: '{"text":"é😀"}' }
}
