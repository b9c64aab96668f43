import { describe, expect, it } from 'vitest'
import { createManualClock } from '../../test/helpers/manual-clock.ts'
import { Failure, HookFailure, Refusal } from '../core/errors.ts'
import type { Notice, Outbox } from '../core/ports.ts'
import { type OutboxParts, startOutboxWorker } from './outbox-worker.ts'

interface TestOutbox extends Pick<Outbox, 'due' | 'settle' | 'replace'> {
  readonly notices: Map<string, Notice>
  readonly dead: string[]
}

/** An outbox in memory that keeps a book of what it was told. */
function createOutbox(): TestOutbox {
  const notices = new Map<string, Notice>()
  const dead: string[] = []
  return {
    notices,
    dead,
    async due({ now, limit }) {
      const due = [...notices.values()].filter((notice) => notice.due <= now)
      return due.sort((a, b) => a.due - b.due).slice(0, limit)
    },
    async settle(id, result) {
      const notice = notices.get(id)
      if (!notice) return
      if (result.result === 'retry')
        notices.set(id, { ...notice, due: result.due, tries: notice.tries + 1 })
      else notices.delete(id)
      if (result.result === 'dead') dead.push(id)
    },
    async replace([id, ...others], calls) {
      if (!notices.delete(id)) return
      for (const other of others) notices.delete(other)
      for (const call of calls) notices.set(call.id, call)
    },
  }
}

interface Try {
  id: string
  at: number
  cookies?: string
}

function setup(outcome: (attempt: Try, count: number) => unknown, more: Partial<OutboxParts> = {}) {
  const clock = createManualClock(0)
  const outbox = createOutbox()
  const tries: Try[] = []
  const failures: unknown[][] = []
  const worker = startOutboxWorker({
    outbox,
    clock,
    app: {
      async tell(notice, context) {
        const attempt: Try = { id: notice.id, at: clock.now(), ...context }
        tries.push(attempt)
        const result = await outcome(attempt, tries.length)
        if (result instanceof Error) throw result
      },
    },
    telemetry: { failure: (...all) => failures.push(all), limit() {}, event() {} },
    ...more,
  })
  function add(id: string, due = 0, kind: Notice['kind'] = 'disconnect'): Notice {
    const notice: Notice = { id, kind, due, body: '{}', tries: 0 }
    outbox.notices.set(id, notice)
    return notice
  }
  return { clock, outbox, tries, failures, worker, add }
}

function call(id: string, due = 0): Notice {
  return { id, kind: 'push_call', due, body: '{}', tries: 0 }
}

const failed = new HookFailure({ reason: 'status', requestId: 'n', message: 'm', hint: 'h' })

describe('the outbox worker', () => {
  it('sends what is due, once', async () => {
    const { clock, outbox, tries, worker, add } = setup(() => undefined)
    add('n1')
    add('n2', 5000)
    await clock.advance(1000)
    expect(tries.map((one) => one.id)).toEqual(['n1'])
    await clock.advance(10_000)
    expect(tries.map((one) => one.id)).toEqual(['n1', 'n2'])
    expect(outbox.notices.size).toBe(0)
    await worker.stop()
  })

  it('sends nothing again that ended while the store read what is due', async () => {
    const base = createOutbox()
    let hold: Promise<void> | undefined
    // What it read is older than what it answers last.
    const outbox = {
      ...base,
      async due(query: { now: number; limit: number }) {
        const due = await base.due(query)
        await hold
        return due
      },
    }
    const answered = Promise.withResolvers<void>()
    const { clock, tries, worker } = setup(() => answered.promise, { outbox })
    const notice = call('n1', 60_000)
    base.notices.set('n1', { ...notice, due: 0 })
    const sent = worker.send(notice, {})
    const read = Promise.withResolvers<void>()
    hold = read.promise
    await clock.advance(1000)
    answered.resolve()
    await sent
    read.resolve()
    await clock.advance(10_000)
    expect(tries).toHaveLength(1)
    await worker.stop()
  })

  it('looks at once when it is woken', async () => {
    const { clock, tries, worker, add } = setup(() => undefined)
    add('n1')
    worker.wake()
    await clock.advance(1)
    await worker.stop()
    expect(tries).toHaveLength(1)
  })

  it('tries at once, after 5 s, 30 s, 2 min and 10 min, then keeps it as dead', async () => {
    const { clock, outbox, tries, failures, worker, add } = setup(() => failed)
    await worker.send(add('n1', 60_000), { cookies: 'a=1' })
    await clock.advance(1_000_000)
    const waits = tries.map((one, i) => one.at - (tries[i - 1]?.at ?? 0))
    expect(waits).toEqual([0, 5000, 30_000, 120_000, 600_000])
    expect(outbox.dead).toEqual(['n1'])
    expect(failures).toHaveLength(5)
    expect(failures[0]).toMatchObject(['hook', failed, { hook: 'disconnect', request: 'n1' }])
    await worker.stop()
  })

  it('carries cookies on the first try only', async () => {
    const { clock, tries, worker, add } = setup((_try, count) => (count === 1 ? failed : undefined))
    await worker.send(add('n1', 60_000), { cookies: 'a=1' })
    await clock.advance(5000)
    expect(tries.map((one) => one.cookies)).toEqual(['a=1', undefined])
    await worker.stop()
  })

  it('does not count a busy app as a try, nor press it', async () => {
    const { clock, outbox, tries, failures, worker, add } = setup((_try, count) =>
      count <= 3 ? new Refusal('app_busy') : undefined,
    )
    add('n1')
    await clock.advance(3000)
    expect(tries).toHaveLength(3)
    expect(outbox.notices.get('n1')?.tries).toBe(0)
    await clock.advance(1000)
    expect(outbox.notices.size).toBe(0)
    expect(failures).toEqual([])
    await worker.stop()
  })

  it('never sends a notice twice at the same time', async () => {
    let release: () => void = () => undefined
    const held = new Promise<void>((resolve) => {
      release = resolve
    })
    const { clock, tries, worker, add } = setup(() => held)
    const sent = worker.send(add('n1'), {})
    await clock.advance(5000)
    expect(tries).toHaveLength(1)
    release()
    await sent
    await worker.stop()
  })

  it('has a bounded number under way', async () => {
    let underWay = 0
    let most = 0
    const { clock, outbox, worker, add } = setup(async () => {
      underWay += 1
      most = Math.max(most, underWay)
      await new Promise((resolve) => setImmediate(resolve))
      underWay -= 1
    })
    for (let i = 0; i < 100; i += 1) add(`n${i}`)
    await clock.advance(20_000)
    expect(outbox.notices.size).toBe(0)
    expect(most).toBe(32)
    await worker.stop()
  })

  it('waits for what is under way when it stops, and sends nothing after', async () => {
    let release: () => void = () => undefined
    const held = new Promise<void>((resolve) => {
      release = resolve
    })
    const { clock, outbox, tries, worker, add } = setup(() => held)
    add('n1')
    await clock.advance(1000)
    add('n2')
    let stopped = false
    const stopping = worker.stop().then(() => {
      stopped = true
    })
    await clock.advance(1)
    expect(stopped).toBe(false)
    release()
    await stopping
    await worker.send(add('n3'), {})
    worker.wake()
    await clock.advance(5000)
    expect(tries.map((one) => one.id)).toEqual(['n1'])
    expect([...outbox.notices.keys()]).toEqual(['n2', 'n3'])
  })

  it('lives through a store that is down, and asks it less and less often', async () => {
    const { clock, outbox, tries, failures, worker, add } = setup(() => undefined)
    const { due } = outbox
    outbox.due = () => Promise.reject(new Error('down'))
    add('n1')
    await clock.advance(100_000)
    expect(failures.length).toBeGreaterThan(3)
    expect(failures.length).toBeLessThan(10)
    outbox.due = due
    await clock.advance(31_000)
    expect(tries).toHaveLength(1)
    await worker.stop()
  })

  it('tells again, and not in a tight loop, what it could not settle', async () => {
    const { clock, outbox, tries, worker, add } = setup(() => undefined)
    const { settle } = outbox
    outbox.settle = () => Promise.reject(new Error('down'))
    add('n1')
    await clock.advance(3000)
    expect(tries).toHaveLength(2)
    outbox.settle = settle
    await clock.advance(10_000)
    expect(tries).toHaveLength(3)
    expect(outbox.notices.size).toBe(0)
    await worker.stop()
  })

  it('is not held up by those that hang: each that ends makes room for the next', async () => {
    let hung = 0
    const { clock, outbox, tries, worker, add } = setup((attempt) => {
      if (!attempt.id.startsWith('hangs')) return undefined
      hung += 1
      return new Promise(() => undefined)
    })
    for (let i = 0; i < 31; i += 1) add(`hangs${i}`)
    for (let i = 0; i < 100; i += 1) add(`n${i}`, 1)
    await clock.advance(1000)
    expect(hung).toBe(31)
    expect(tries).toHaveLength(131)
    add('late', 1500)
    await clock.advance(1000)
    expect(tries.at(-1)?.id).toBe('late')
    expect(outbox.notices.size).toBe(31)
    void worker.stop()
  })

  it('makes one more look of many wakes', async () => {
    const { clock, outbox, worker } = setup(() => undefined)
    const { due } = outbox
    let looks = 0
    outbox.due = (query) => {
      looks += 1
      return due(query)
    }
    for (let i = 0; i < 1000; i += 1) worker.wake()
    await clock.advance(1)
    expect(looks).toBe(2)
    await worker.stop()
  })

  it('leaves the outbox to the node that holds the lease', async () => {
    const asked: unknown[] = []
    let holds = false
    const leases = {
      acquire: async (...all: unknown[]) => {
        asked.push(all)
        return holds
      },
      renew: async () => holds,
      release: async (...all: unknown[]) => void asked.push(['release', ...all]),
      holder: async () => undefined,
    }
    const { clock, tries, worker, add } = setup(() => undefined, { lease: { leases, owner: 'n' } })
    add('n1')
    await clock.advance(2000)
    expect(tries).toEqual([])
    expect(asked[0]).toEqual(['outbox', 'n', 30_000])
    holds = true
    await clock.advance(1000)
    expect(tries).toHaveLength(1)
    await worker.stop()
    expect(asked.at(-1)).toEqual(['release', 'outbox', 'n'])
  })
})

describe('pushes', () => {
  it('are expanded into calls, which go out at once', async () => {
    const expanded: Notice[] = []
    const { clock, outbox, tries, worker, add } = setup(() => undefined, {
      async expand(notice) {
        expanded.push(notice)
        return { replaces: [], calls: [call(`${notice.id}-1`), call(`${notice.id}-2`)] }
      },
    })
    const push = add('p', 0, 'push')
    worker.wake()
    await clock.advance(1)
    expect(expanded).toEqual([push])
    expect(tries.map((one) => one.id)).toEqual(['p-1', 'p-2'])
    expect(outbox.notices.size).toBe(0)
    await worker.stop()
  })

  it('for nobody are done', async () => {
    const { clock, outbox, tries, worker, add } = setup(() => undefined, {
      expand: async () => ({ replaces: [], calls: [] }),
    })
    add('p', 0, 'push')
    await clock.advance(1000)
    expect(outbox.notices.size).toBe(0)
    expect(tries).toEqual([])
    await worker.stop()
  })

  it('may become calls of later', async () => {
    const { clock, tries, worker, add } = setup(() => undefined, {
      expand: async () => ({ replaces: [], calls: [call('c', 5000)] }),
    })
    add('p', 0, 'push')
    await clock.advance(4000)
    expect(tries).toEqual([])
    await clock.advance(1000)
    expect(tries.map((one) => one.id)).toEqual(['c'])
    await worker.stop()
  })

  it('take others along, which are not expanded again although they were due with them', async () => {
    const expanded: string[] = []
    const { clock, outbox, tries, worker, add } = setup(() => undefined, {
      async expand({ id }) {
        expanded.push(id)
        const others = ['p1', 'p2', 'p3'].filter((one) => one !== id && outbox.notices.has(one))
        await new Promise((resolve) => setImmediate(resolve))
        return { replaces: others, calls: [call(`${id}+${others.join('+')}`)] }
      },
    })
    for (const id of ['p1', 'p2', 'p3']) add(id, 0, 'push')
    await clock.advance(1000)
    expect(expanded).toEqual(['p1'])
    expect(tries.map((one) => one.id)).toEqual(['p1+p2+p3'])
    await worker.stop()
  })

  it('of different lanes are expanded at once, those of one lane in order', async () => {
    const begun: string[] = []
    const releases = new Map<string, () => void>()
    const { clock, worker, add } = setup(() => undefined, {
      laneOf: ({ id }) => id.charAt(0),
      async expand({ id }) {
        begun.push(id)
        await new Promise<void>((resolve) => releases.set(id, resolve))
        return { replaces: [], calls: [] }
      },
    })
    for (const id of ['a1', 'a2', 'b1']) add(id, 0, 'push')
    await clock.advance(1000)
    expect(begun).toEqual(['a1', 'b1'])
    releases.get('a1')?.()
    await clock.advance(1)
    expect(begun).toEqual(['a1', 'b1', 'a2'])
    releases.get('b1')?.()
    releases.get('a2')?.()
    await worker.stop()
  })

  it.each([
    ['fails', async () => Promise.reject(new Failure('store', 'down'))],
    ['nobody can do', undefined],
  ])('whose expansion %s are tried again as others, then kept as dead', async (_name, expand) => {
    const { clock, outbox, tries, failures, worker, add } = setup(
      () => undefined,
      expand === undefined ? {} : { expand },
    )
    add('p', 0, 'push')
    await clock.advance(1_000_000)
    expect(failures).toHaveLength(5)
    expect(failures[0]).toMatchObject([
      'push',
      expect.any(Failure),
      { request: 'p', retry: 'in 5 s' },
    ])
    expect(failures[4]).toMatchObject([
      'push',
      expect.any(Failure),
      { retry: 'none, it is kept as dead' },
    ])
    expect(outbox.dead).toEqual(['p'])
    expect(tries).toEqual([])
    await worker.stop()
  })

  it('stay where the calls could not be put in their place', async () => {
    const { clock, outbox, tries, worker, add } = setup(() => undefined, {
      expand: async () => ({ replaces: [], calls: [call('c')] }),
    })
    const { replace } = outbox
    outbox.replace = () => Promise.reject(new Error('down'))
    add('p', 0, 'push')
    await clock.advance(1000)
    expect([...outbox.notices.keys()]).toEqual(['p'])
    outbox.replace = replace
    await clock.advance(6000)
    expect(tries.map((one) => one.id)).toEqual(['c'])
    await worker.stop()
  })

  it('are reported under the name that the hook has', async () => {
    const { clock, failures, worker, add } = setup(() => failed)
    add('c', 0, 'push_call')
    await clock.advance(1000)
    expect(failures[0]).toMatchObject(['hook', failed, { hook: 'push', request: 'c' }])
    await worker.stop()
  })
})
