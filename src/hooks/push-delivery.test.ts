import { afterEach, expect, it } from 'vitest'
import { hookSettings, type Respond, startHookServer } from '../../test/fixtures/hook-server.ts'
import { createManualClock } from '../../test/helpers/manual-clock.ts'
import type { HookFailure } from '../core/errors.ts'
import type { Notice } from '../core/ports.ts'
import { MemoryOutbox } from '../stores/memory/outbox.ts'
import { createApp } from './app.ts'
import { startOutboxWorker } from './outbox-worker.ts'

const open: { close(): Promise<void> }[] = []
afterEach(async () => {
  for (const one of open.splice(0)) await one.close()
})

/** Store, worker and app as a server has them, before a push URL that answers as told. */
async function start(respond: Respond, hookTimeoutMs = 10_000) {
  const clock = createManualClock(0)
  const outbox = new MemoryOutbox(() => clock.now())
  const server = await startHookServer(respond)
  const failures: HookFailure[] = []
  const app = createApp(
    hookSettings(server.port, {
      talkPushUrl: `http://127.0.0.1:${server.port}/push?key=geheim`,
      hookTimeoutMs,
    }),
    { now: () => clock.now() },
  )
  const settled = waiting()
  const settle = outbox.settle.bind(outbox)
  const worker = startOutboxWorker({
    outbox: {
      due: (query) => outbox.due(query),
      replace: (ids, notices) => outbox.replace(ids, notices),
      async settle(id, result) {
        await settle(id, result)
        settled.count()
      },
    },
    app,
    clock,
    telemetry: {
      failure: (_stage, error) => failures.push(error as HookFailure),
      limit() {},
      event() {},
    },
  })
  open.push({ close: () => worker.stop() }, app, server)
  const add = (id: string): void => {
    const notice: Notice = { id, kind: 'push_call', due: clock.now(), body: `"${id}"`, tries: 0 }
    outbox.add(notice)
    worker.wake()
  }
  return { clock, outbox, server, failures, settled, add }
}

/** Resolves when so many things have happened. */
function waiting() {
  let happened = 0
  let waiters: { count: number; resolve: () => void }[] = []
  return {
    count() {
      happened += 1
      for (const waiter of waiters) if (happened >= waiter.count) waiter.resolve()
      waiters = waiters.filter((waiter) => happened < waiter.count)
    },
    times: (count: number) =>
      new Promise<void>((resolve) => {
        if (happened >= count) resolve()
        else waiters.push({ count, resolve })
      }),
  }
}

it('a push that is answered 500 twice is told under one id until it is taken', async () => {
  const codes = [500, 500, 200]
  const { clock, outbox, server, failures, settled, add } = await start(
    (_received, response, index) => response.writeHead(codes[index] ?? 500).end(),
  )
  add('c1')
  await settled.times(1)
  await clock.advance(5000)
  await settled.times(2)
  await clock.advance(30_000)
  await settled.times(3)
  expect(server.received.map(({ headers, body }) => [headers['webhook-id'], body])).toEqual([
    ['c1', '"c1"'],
    ['c1', '"c1"'],
    ['c1', '"c1"'],
  ])
  expect(failures.map(({ reason }) => reason)).toEqual(['status', 'status'])
  expect(await outbox.stats()).toEqual({ waiting: 0, dead: 0 })
})

it('a push URL that is down is tried five times, then the call is kept, and may be replayed', async () => {
  const { clock, outbox, server, failures, settled, add } = await start(() => undefined)
  await server.close()
  add('c1')
  for (const [i, waitMs] of [5000, 30_000, 120_000, 600_000].entries()) {
    await settled.times(i + 1)
    await clock.advance(waitMs)
  }
  await settled.times(5)
  expect(failures.map(({ reason }) => reason)).toEqual(Array(5).fill('refused_connection'))
  expect(await outbox.stats()).toEqual({ waiting: 0, dead: 1 })
  expect(await outbox.replay('c1')).toBe(true)
  await clock.advance(1000)
  await settled.times(6)
  expect(failures).toHaveLength(6)
})

it('a slow push holds up no other', async () => {
  const held: (() => void)[] = []
  const { outbox, server, settled, add } = await start(({ body }, response) => {
    if (body === '"slow"') held.push(() => response.end())
    else response.end()
  })
  add('slow')
  await server.seen(1)
  for (let i = 0; i < 50; i += 1) add(`c${i}`)
  await settled.times(50)
  expect(await outbox.stats()).toEqual({ waiting: 1, dead: 0 })
  held[0]?.()
  await settled.times(51)
})

it('a push that is never answered ends with the timeout of hooks', async () => {
  const { failures, settled, add } = await start(() => undefined, 100)
  add('c1')
  await settled.times(1)
  expect(failures.map(({ reason }) => reason)).toEqual(['timeout'])
})

it('shows nothing of the query of the push URL where the app repeats it', async () => {
  const { failures, settled, add } = await start(({ path }, response) =>
    response.writeHead(500).end(`no route for POST ${path}`),
  )
  add('c1')
  await settled.times(1)
  const [failure] = failures
  const shown = `${failure?.message} ${String(failure?.cause)}`
  expect(shown).toContain('no route for POST /push?key=***')
  expect(shown).not.toContain('geheim')
})
