/** One message as the server tells it; its own keys may be anything. */
export type Message = Readonly<Record<string, unknown>>

/** What was said before, and from where on it is new. */
export interface Before {
  readonly read: readonly Message[]
  readonly unread: readonly Message[]
}

/** What a link tells its page. */
export interface LinkEvents {
  onState(state: 'connecting' | 'connected' | 'waiting' | 'ended'): void
  /** Messages that nobody has read yet, as counted before the room was entered. */
  onCount(count: number): void
  onBefore(before: Before): void
  onMessage(message: Message): void
  /** A sentence for the reader; `''` where there is none any more. */
  onProblem(text: string): void
}

/** Close codes by which the server says that coming back is of no use. */
const finalCodes: ReadonlySet<number> = new Set([4001, 4007, 4008, 4009, 4010, 4011])
const maxWaitMs = 30_000

/** The server said no. */
class Refused extends Error {}

/** Keeps a socket to one room open until it is refused or closed, and asks what was said before. */
export class RoomLink {
  readonly #room: string
  readonly #token: string
  readonly #events: LinkEvents
  #socket: WebSocket | undefined
  #timer: ReturnType<typeof setTimeout> | undefined
  #failures = 0
  #isClosed = false
  /** What came while the old messages were asked for. */
  #early: Message[] | undefined

  constructor(wish: { room: string; token: string }, events: LinkEvents) {
    this.#room = wish.room
    this.#token = wish.token
    this.#events = events
    void this.#connect()
  }

  send(text: string): void {
    this.#socket?.send(JSON.stringify({ message: text }))
  }

  close(): void {
    this.#isClosed = true
    clearTimeout(this.#timer)
    this.#socket?.close(1000)
    this.#events.onState('ended')
  }

  /** How many messages are unread. Throws Refused, or TypeError where no answer comes. */
  async count(): Promise<number> {
    const { notification } = (await this.#get('notification')) as { notification: unknown }
    return Number(notification)
  }

  async #connect(): Promise<void> {
    this.#events.onState('connecting')
    try {
      // Before the socket opens: then everything counts as read.
      this.#events.onCount(await this.count())
    } catch (error) {
      this.#failed(error)
      return
    }
    if (!this.#isClosed) this.#open()
  }

  #open(): void {
    const scheme = location.protocol === 'https:' ? 'wss' : 'ws'
    const query = new URLSearchParams({ token: this.#token })
    const path = `/talk/chat/${encodeURIComponent(this.#room)}/?${query}`
    const socket = new WebSocket(`${scheme}://${location.host}${path}`)
    this.#socket = socket
    this.#early = []
    socket.addEventListener('message', ({ data }) => this.#receive(JSON.parse(String(data))))
    socket.addEventListener('open', () => void this.#askBefore())
    socket.addEventListener('close', ({ code }) => this.#over(code))
  }

  /** Asked once the socket is open, so that nothing is missed between the two. */
  async #askBefore(): Promise<void> {
    try {
      const { results } = (await this.#get('old')) as {
        results: { read_messages: Message[]; unread_messages: Message[] }
      }
      if (this.#early === undefined) return
      const before = { read: results.read_messages, unread: results.unread_messages }
      const told = new Set([...before.read, ...before.unread].map((item) => JSON.stringify(item)))
      const later = this.#early.filter((item) => !told.has(JSON.stringify(item)))
      this.#early = undefined
      this.#failures = 0
      this.#events.onProblem('')
      this.#events.onBefore(before)
      this.#events.onState('connected')
      for (const message of later) this.#events.onMessage(message)
    } catch (error) {
      if (error instanceof Refused) this.#events.onProblem(error.message)
      this.#socket?.close()
    }
  }

  #receive(message: Message): void {
    if (typeof message['ERROR'] === 'string') this.#events.onProblem(message['ERROR'])
    else if (this.#early !== undefined) this.#early.push(message)
    else this.#events.onMessage(message)
  }

  #over(code: number): void {
    this.#early = undefined
    if (this.#isClosed) return
    if (finalCodes.has(code)) this.close()
    else this.#wait()
  }

  #failed(error: unknown): void {
    if (this.#isClosed) return
    if (error instanceof Refused) {
      this.#events.onProblem(error.message)
      this.close()
    } else this.#wait()
  }

  #wait(): void {
    this.#events.onState('waiting')
    const ms = Math.min(1000 * 2 ** this.#failures, maxWaitMs) * (0.5 + Math.random() / 2)
    this.#failures += 1
    this.#timer = setTimeout(() => void this.#connect(), ms)
  }

  async #get(what: 'old' | 'notification'): Promise<unknown> {
    const answer = await fetch(`/talk/${what}/${encodeURIComponent(this.#room)}/`, {
      headers: { Authorization: `Token ${this.#token}` },
    })
    if (answer.ok) return answer.json()
    if (answer.status >= 500) throw new TypeError(`status ${answer.status}`)
    throw new Refused(await reasonOf(answer))
  }
}

async function reasonOf(answer: Response): Promise<string> {
  const text = await answer.text()
  try {
    const { error } = JSON.parse(text) as { error?: unknown }
    return String(error ?? text)
  } catch {
    return text
  }
}
