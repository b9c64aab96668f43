import { expect, it } from 'vitest'
import type { Client, Frame } from '../helpers/client.ts'
import { type Seeded, seeded } from '../helpers/seeded.ts'
import { describeWorlds, type World, type WorldKind } from '../helpers/world.ts'

const kinds: readonly WorldKind[] = ['one node, level', 'two nodes', 'chaos']
const channels = ['red', 'green', 'blue']
const users = ['ann', 'bob', 'mia', 'zoe']
const options = { history_size: 10_000, presenceful: true, moderated: false }

/** Random joins, leaves, publishes, new tabs and lost tabs, while a keeper watches each channel. */
describeWorlds('a storm of joins, leaves and publishes (G2, G8)', kinds, (start) => {
  it.each([1, 2, 3])('ends in one truth, seen alike by everybody (seed %i)', async (seed) => {
    const world = await start()
    for (const channel of channels) world.app.channels.set(channel, options)
    const keeper = await world.login('keeper', { node: seed % world.nodes.length })
    for (const channel of channels) await keeper.subscribe(channel)
    const storm = new Storm(world, seeded(seed))
    await storm.blow(300)
    const expected = [...(await storm.calm()), 'keeper'].toSorted()
    for (const channel of channels) {
      await expect.poll(() => subscribersOf(world, channel), { timeout: 8000 }).toEqual(expected)
      await publishToAll(world, channel, [keeper, ...storm.live])
    }
    // What was seen is read before the log, so that the log can only hold more.
    const seen = [keeper, ...storm.clients].map((client) => ({
      user: client.user,
      frames: [...client.frames.all],
    }))
    for (const channel of channels) {
      const log = await logOf(world, channel)
      expect(new Set(log).size).toBe(log.length)
      for (const one of seen) expectContiguous(one, channel, log)
      expectPresence(keeper, channel, await subscribersOf(world, channel))
    }
  })
})

/** A last publish, seen by everybody. */
async function publishToAll(world: World, channel: string, clients: Client[]): Promise<void> {
  const mark = `mark ${channel}`
  await world.rest.publish(channel, mark)
  for (const client of clients)
    await client.next('PUBLISH', (args) => args.channel_name === channel && args.payload === mark)
}

interface Seen {
  readonly user: string
  readonly frames: readonly Frame[]
}

async function logOf(world: World, channel: string): Promise<unknown[]> {
  const info = await world.rest.ok('get_channel_info', { channel_name: channel })
  const history = info.options?.history ?? []
  return history.filter((entry) => entry[0] === 'PUBLISH').map((entry) => entry[1].payload)
}

async function subscribersOf(world: World, channel: string): Promise<string[]> {
  const info = await world.rest.ok('get_channel_info', { channel_name: channel })
  return (info.subscribers ?? []).toSorted()
}

/** From each snapshot to the next leave, a client saw a stretch of the log without gap or repeat. */
function expectContiguous(client: Seen, channel: string, log: readonly unknown[]): void {
  for (const stretch of stretchesOf(client, channel)) {
    const from = log.indexOf(stretch[0])
    if (stretch.length > 0)
      expect({ user: client.user, channel, seen: stretch }).toEqual({
        user: client.user,
        channel,
        seen: log.slice(from, from + stretch.length),
      })
  }
}

function stretchesOf(client: Seen, channel: string): unknown[][] {
  const stretches: unknown[][] = []
  let inside: unknown[] | undefined
  for (const frame of client.frames) {
    if (frame.args.channel_name !== channel) continue
    if (isSnapshot(frame)) {
      expect(inside, `${client.user} got two snapshots of ${channel}`).toBeUndefined()
      inside = (frame.args.history ?? [])
        .filter((entry) => entry[0] === 'PUBLISH')
        .map((entry) => entry[1].payload)
      stretches.push(inside)
    } else if (frame.name === 'UNSUBSCRIBE' && frame.args.user === client.user) inside = undefined
    else if (frame.name === 'PUBLISH') {
      expect(inside, `${client.user} got a publish of ${channel} uninvited`).toBeDefined()
      inside?.push(frame.args.payload)
    }
  }
  return stretches
}

function isSnapshot(frame: Frame): boolean {
  return frame.name === 'SUBSCRIBE' && frame.args.history !== undefined
}

/** Joins and leaves as told, one after the other per user, add up to who is in. */
function expectPresence(keeper: Client, channel: string, truth: readonly string[]): void {
  const present = new Set<string>()
  for (const frame of keeper.frames.all)
    if (frame.args.channel_name === channel) applyPresence(frame, present)
  expect([...present].toSorted()).toEqual(truth)
}

function applyPresence({ name, args, text }: Frame, present: Set<string>): void {
  const user = args.user ?? ''
  if (args.history !== undefined) for (const one of args.presence ?? []) present.add(one)
  else if (name === 'SUBSCRIBE') {
    expect(present, `joined twice: ${text}`).not.toContain(user)
    present.add(user)
  } else if (name === 'UNSUBSCRIBE') {
    expect(present, `left twice: ${text}`).toContain(user)
    present.delete(user)
  }
}

class Storm {
  /** Every client there ever was. */
  readonly clients: Client[] = []
  readonly #world: World
  readonly #random: Seeded
  /** Those whose link is still there. */
  live: Client[] = []
  #published = 0

  constructor(world: World, random: Seeded) {
    this.#world = world
    this.#random = random
  }

  async blow(steps: number): Promise<void> {
    for (const user of users) await this.#arrive(user)
    for (let step = 0; step < steps; step += 1) await this.#step()
  }

  /**
   * Half of the links are cut; all other users end in every channel. Resolves with their names when everything
   * that their frames asked for has been done.
   */
  async calm(): Promise<string[]> {
    const leaving = this.live.splice(0, Math.floor(this.live.length / 2))
    await Promise.all(leaving.map((client) => client.cut()))
    this.#world.app.answer('unsubscribe', [false, { error: 'fence' }])
    for (const channel of channels) {
      await this.#world.rest.ok('set_channel_options', {
        channel_name: channel,
        moderated_unsubscribe: true,
      })
      await Promise.all(this.live.map((client) => fence(client, channel)))
    }
    return [...new Set(this.live.map((client) => client.user))].toSorted()
  }

  async #step(): Promise<void> {
    const client = this.#pick(this.live)
    const channel = this.#pick(channels) ?? ''
    const dice = this.#random()
    if (client === undefined || dice < 0.04) await this.#arrive(this.#pick(users) ?? '')
    else if (dice < 0.08) await this.#lose(client)
    else if (dice < 0.3) client.send('SUBSCRIBE', { channel_name: channel })
    else if (dice < 0.45) client.send('UNSUBSCRIBE', { channel_name: channel })
    else client.publish(channel, `${client.user} ${this.#published++}`)
    const again = this.#pick(this.live)
    if (this.#random() < 0.2) await again?.barrier()
  }

  async #arrive(user: string): Promise<void> {
    const node = Math.floor(this.#random() * this.#world.nodes.length)
    const client = await this.#world.login(user, { node })
    this.clients.push(client)
    this.live.push(client)
  }

  async #lose(client: Client): Promise<void> {
    this.live = this.live.filter((other) => other !== client)
    await (this.#random() < 0.5 ? client.cut() : client.close())
  }

  #pick<T>(items: readonly T[]): T | undefined {
    return items[Math.floor(this.#random() * items.length)]
  }
}

/**
 * A leave that the app refuses: the answer proves that all joins and leaves before it are done. Asked again
 * until this node knows the option that makes the app be asked.
 */
async function fence(client: Client, channel: string): Promise<void> {
  const ids = new Set<number | null | undefined>()
  await expect
    .poll(
      () => {
        client.send('SUBSCRIBE', { channel_name: channel })
        ids.add(client.send('UNSUBSCRIBE', { channel_name: channel }))
        return client.frames.all.some(({ name, args }) => name === 'ERROR' && ids.has(args.id))
      },
      { timeout: 8000, interval: 50 },
    )
    .toBe(true)
  const last = client.send('UNSUBSCRIBE', { channel_name: channel })
  await client.error(last)
}
