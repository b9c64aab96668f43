import { type Args, ChannelView, type Viewer } from './channel-view.ts'
import { ClientActs } from './client-acts.ts'
import type { ClientParts } from './client-parts.ts'
import type { Dice } from './dice.ts'
import { saidIn } from './payload.ts'
import { isPrompt } from './plan.ts'
import type { SimulatedLink } from './simulated-link.ts'

interface Request {
  readonly name: string
  readonly args: Args
  readonly sentAt: number
}

/** Less than a hook's timeout, more than what any one request needs. */
const promptMs = 9000

type Position = { readonly epoch: string; readonly offset: number }

/** A browser page of one version of the frames, with a will of its own. */
export class SimulatedClient {
  readonly name: string
  readonly user: string
  readonly version: 1 | 2
  readonly views = new Map<string, ChannelView>()
  /** Frames of version 2 that wait for their OK or ERROR. */
  readonly outstanding = new Map<number, Request>()
  stage: 'away' | 'connecting' | 'connected' = 'away'
  connection = ''
  readonly #parts: ClientParts
  readonly #dice: Dice
  readonly #acts: ClientActs
  /** Where it was in channels whose snapshot has not come again. */
  readonly #lost = new Map<string, Position | undefined>()
  /** Positions that the server was given on this link. */
  readonly #since = new Map<string, Position>()
  /** Channels whose position CONNECT gave: whatever attaches this link first must resume there. */
  readonly #awaited = new Set<string>()
  /** Publishes with ids that have no final answer: sent again on each link. */
  readonly #unanswered = new Map<string, Request>()
  /** When a request about a channel was answered last. */
  readonly #lastAnswers = new Map<string, number>()
  #link: SimulatedLink | undefined
  #links = 0
  #lastFrame = 0
  #isActive = true

  constructor(name: string, who: { user: string; version: 1 | 2 }, parts: ClientParts) {
    this.name = name
    this.user = who.user
    this.version = who.version
    this.#parts = parts
    this.#dice = parts.dice.fork(name)
    this.#acts = new ClientActs(name, { plan: parts.plan, dice: this.#dice, hands: this.#hands() })
    parts.timeline.after(this.#dice.between(0, 2000), () => this.#connect())
    this.#plan()
  }

  get isOnline(): boolean {
    return this.#link?.isOpen === true
  }

  /** Acts no more by itself, but goes on with what it has begun. Some close for good. */
  rest(): void {
    this.#isActive = false
    if (this.#dice.chance(0.3)) this.#quit()
    else if (this.#link === undefined) this.#connectLater(5000)
  }

  #hands() {
    const link = () => `${this.name}.${this.#links}`
    return {
      version: this.version,
      get link() {
        return link()
      },
      request: (name: string, args: Args) => this.#request(name, args),
      begin: (name: 'SUBSCRIBE' | 'UNSUBSCRIBE', channel: string) => this.#begin(name, channel),
      insist: (id: string, args: Args) => this.#insist(id, args),
      goAway: () => this.#goAway(),
    }
  }

  #plan(): void {
    const pause = -Math.log(1 - this.#dice.float()) * this.#parts.plan.pauseMs
    this.#parts.timeline.after(pause, () => {
      if (!this.#isActive) return
      if (this.stage === 'connected') this.#acts.act()
      this.#plan()
    })
  }

  /** Comes or goes as if it had never been there. */
  #begin(name: 'SUBSCRIBE' | 'UNSUBSCRIBE', channel: string): void {
    this.#awaited.delete(channel)
    this.#lost.delete(channel)
    this.#request(name, { channel_name: channel })
  }

  #insist(id: string, args: Args): void {
    this.#unanswered.set(id, { name: 'PUBLISH', args, sentAt: this.#parts.timeline.now })
    this.#request('PUBLISH', args)
    // Impatient ones ask again before the answer.
    if (this.#dice.chance(0.1)) this.#request('PUBLISH', args)
  }

  #goAway(): void {
    if (this.version === 2 && this.#dice.chance(0.5)) this.#request('DISCONNECT', {})
    else this.#quit()
    this.#connectLater(this.#dice.chance(0.3) ? 60_000 : 5000)
  }

  #quit(): void {
    const link = this.#link
    this.#ended()
    link?.leave(this.#dice.chance(0.5) ? 'clean' : 'unclean')
  }

  #connectLater(withinMs: number): void {
    this.#parts.timeline.after(this.#dice.between(10, withinMs), () => this.#connect())
  }

  #connect(): void {
    if (this.#link !== undefined) return
    let link: SimulatedLink | undefined
    const accepted = this.#dice.pick(this.#parts.nodes).accept({
      onText: (text) => {
        if (this.#link === link) this.#receive(text)
      },
      onEnd: () => {
        if (this.#link !== link) return
        this.#ended()
        this.#connectLater(this.#dice.chance(0.1) ? 40_000 : 3000)
      },
    })
    if (accepted === undefined) {
      this.#connectLater(3000)
      return
    }
    link = accepted.link
    this.#link = link
    this.connection = accepted.connection
    this.#links += 1
    this.#login()
  }

  #login(): void {
    this.stage = 'connecting'
    this.#parts.judge.note(() => `${this.name}: link ${this.#links} ${this.connection.slice(0, 6)}`)
    if (this.version === 1) {
      this.#request('CONNECT', { cookie_string: '', payload: JSON.stringify(this.user) })
      return
    }
    const since: Record<string, Position> = {}
    for (const [channel, position] of this.#lost) {
      if (position === undefined || this.#dice.chance(0.1)) continue
      since[channel] = position
      this.#since.set(channel, position)
      this.#awaited.add(channel)
    }
    this.#request('CONNECT', { version: 2, payload: this.user, since })
  }

  #ended(): void {
    if (this.#link === undefined) return
    this.#parts.judge.note(() => `${this.name}: link ${this.#links} is over`)
    this.#link = undefined
    this.stage = 'away'
    for (const view of this.views.values()) this.#lost.set(view.channel, view.position)
    this.views.clear()
    this.#since.clear()
    this.#awaited.clear()
    this.outstanding.clear()
  }

  #request(name: string, args: Args): void {
    const link = this.#link
    if (link === undefined || !link.isOpen) return
    this.#lastFrame += 1
    const id = this.#lastFrame
    if (this.version === 2) {
      this.outstanding.set(id, { name, args, sentAt: this.#parts.timeline.now })
    }
    this.#parts.judge.note(() => `${this.name} > ${id} ${name} ${JSON.stringify(args)}`)
    link.send(`${JSON.stringify([id, name, args])}\r\n`)
  }

  #receive(text: string): void {
    for (const line of text.split('\r\n')) {
      if (line === '') continue
      const [, name, args] = JSON.parse(line) as [number, string, Args]
      this.#parts.judge.note(() => `${this.name} < ${name} ${JSON.stringify(args)}`)
      this.#take(name, args)
    }
  }

  #take(name: string, args: Args): void {
    switch (name) {
      case 'CONNECTED':
        this.#connected()
        break
      case 'SUBSCRIBE':
        if ('history' in args) this.#snapshot(args)
        else this.#viewOf(args, name)?.coming('join', args)
        break
      case 'UNSUBSCRIBE':
        if (args['user'] === this.user) this.#unsubscribed(args)
        else this.#viewOf(args, name)?.coming('leave', args)
        break
      case 'PUBLISH':
        this.#viewOf(args, name)?.publish(args)
        this.#heard(args['channel_name'], args['payload'])
        break
      case 'READ':
        this.#checkRead(args)
        break
      case 'STATE_UPDATE':
        this.#viewOf(args, name)?.stateUpdate(args)
        break
      case 'OK':
      case 'ERROR':
        this.#answered(name, args)
        break
    }
  }

  #connected(): void {
    this.stage = 'connected'
    // Version 1 has no answer to CONNECT: snapshots of channels it is still in come with it.
    if (this.version === 1) this.#parts.timeline.after(1000, () => this.#subscribeAgain())
  }

  #subscribeAgain(): void {
    if (this.stage !== 'connected') return
    for (const [channel, since] of this.#lost) {
      this.#lost.delete(channel)
      if (this.views.has(channel)) continue
      if (since === undefined || this.version === 1) {
        this.#request('SUBSCRIBE', { channel_name: channel })
        continue
      }
      this.#since.set(channel, since)
      this.#request('SUBSCRIBE', { channel_name: channel, since })
    }
  }

  #snapshot(args: Args): void {
    const channel = args['channel_name'] as string
    if (args['user'] !== this.user) {
      this.#parts.judge.violated('frames', `${this.name} gets the snapshot of ${args['user']}`)
    }
    const view = new ChannelView(channel, this.#viewer())
    this.views.set(channel, view)
    const isFirst = this.#awaited.delete(channel)
    this.#lost.delete(channel)
    view.snapshot(args, { since: this.#since.get(channel), isFirst })
    for (const [, { payload }] of args['history'] as [string, { payload?: unknown }][]) {
      this.#heard(channel, payload)
    }
  }

  #heard(channel: unknown, payload: unknown): void {
    this.#parts.ledger.rooms.noteHeard(String(channel), this.user, saidIn(payload))
  }

  /** A marker is told where it stands, or stood. */
  #checkRead(args: Args): void {
    const { ledger, judge } = this.#parts
    const offset = args['offset'] as number
    const lives = ledger.rooms.lives(args['channel_name'] as string)
    if (lives.some((life) => (life.reads.get(this.user) ?? -1) >= offset)) return
    judge.violated('rooms', `${this.name} is told to have read ${JSON.stringify(args)}`)
  }

  #viewer(): Viewer {
    const { ledger, judge, plan } = this.#parts
    const planned = (name: string) => plan.channels.find((channel) => channel.name === name)
    return {
      client: this.name,
      user: this.user,
      version: this.version,
      connection: this.connection,
      ledger,
      judge,
      steady: (name) => planned(name)?.changes.length === 0,
      presenceful: (name) => planned(name)?.options['presenceful'] === true,
      resumes:
        plan.store.losesCall + plan.store.losesAnswer + plan.trouble.outageMs === 0
          ? plan.store.recoveryEntries
          : 0,
    }
  }

  #viewOf(args: Args, frame: string): ChannelView | undefined {
    const view = this.views.get(args['channel_name'] as string)
    if (view === undefined) {
      this.#parts.judge.violated(
        'frames',
        `${this.name} is not in the channel and gets ${frame} ${JSON.stringify(args)}`,
      )
    }
    return view
  }

  #unsubscribed(args: Args): void {
    const channel = args['channel_name'] as string
    if (!this.views.delete(channel)) {
      this.#parts.judge.violated('frames', `${this.name} leaves ${channel}, where it was not`)
    }
  }

  #answered(name: 'OK' | 'ERROR', args: Args): void {
    if (this.version === 1) return
    const id = args['id'] as number
    const request = this.outstanding.get(id)
    if (request === undefined) {
      this.#parts.judge.violated('frames', `${this.name}'s frame ${id} is answered again`)
      return
    }
    this.#checkPrompt(request)
    this.outstanding.delete(id)
    if (name === 'OK') this.#succeeded(request, args)
    else this.#failed(request, args)
  }

  /** Nobody waits for what another channel waits for (G5). Requests of one channel wait for each other. */
  #checkPrompt({ name, args, sentAt }: Request): void {
    const channel = args['channel_name']
    if (typeof channel !== 'string') return
    const { timeline, plan, judge } = this.#parts
    const since = Math.max(sentAt, this.#lastAnswers.get(channel) ?? 0)
    this.#lastAnswers.set(channel, timeline.now)
    // The server may stop reading from whoever has too much under way.
    if (this.outstanding.size > 200 || timeline.now - since < promptMs) return
    if (!isPrompt(plan, channel)) return
    judge.violated('G5', `${this.name} waited ${timeline.now - since} ms for ${name} of ${channel}`)
  }

  #succeeded({ name, args }: Request, result: Args): void {
    if (name === 'CONNECT') {
      this.#subscribeAgain()
      for (const request of this.#unanswered.values()) this.#request(request.name, request.args)
    } else if (name === 'SUBSCRIBE') {
      const channel = args['channel_name'] as string
      const view = this.views.get(channel)
      // It has been in, if only for a moment: what comes after that is a new beginning.
      this.#awaited.delete(channel)
      if (typeof result['epoch'] === 'string') {
        view?.reached(result['epoch'], result['offset'] as number)
      }
    } else if (name === 'PUBLISH') {
      this.#unanswered.delete(args['id'] as string)
      this.#parts.receipts.note(this.name, { args, result })
    }
  }

  #failed(request: Request, error: Args): void {
    const { name, args } = request
    const isFinal = error['retry'] !== true
    if (name === 'SUBSCRIBE') this.#awaited.delete(args['channel_name'] as string)
    if (name === 'CONNECT') {
      this.stage = 'away'
      this.#quit()
      this.#connectLater(5000)
    } else if (name === 'PUBLISH' && typeof args['id'] === 'string') {
      if (isFinal) this.#unanswered.delete(args['id'])
      else this.#later(() => this.#repeat(args['id'] as string))
    } else if (name === 'SUBSCRIBE' && !isFinal) {
      const { channel_name } = args
      this.#later(() => this.#request(name, { channel_name }))
    }
  }

  #repeat(id: string): void {
    const request = this.#unanswered.get(id)
    if (request !== undefined && this.stage === 'connected') {
      this.#request(request.name, request.args)
    }
  }

  #later(act: () => void): void {
    this.#parts.timeline.after(this.#dice.between(200, 3000), act)
  }
}
