import { once } from 'node:events'
import { WebSocket } from 'ws'

type Message = Readonly<Record<string, unknown>>

/** A Hipochat client: a WebSocket to one room. */
export class TalkClient {
  readonly #socket: WebSocket
  readonly #messages: Message[] = []
  #waiting: (() => void)[] = []

  private constructor(socket: WebSocket) {
    this.#socket = socket
    socket.on('message', (data) => {
      this.#messages.push(JSON.parse(String(data)))
      for (const wake of this.#waiting.splice(0)) wake()
    })
  }

  static async open(
    offhookUrl: string,
    { room, token }: { room: string; token: string },
  ): Promise<TalkClient> {
    const url = `${offhookUrl.replace(/^http/, 'ws')}/talk/chat/${room}/?token=${token}`
    const client = new TalkClient(new WebSocket(url))
    await once(client.#socket, 'open')
    return client
  }

  send(message: Message): void {
    this.#socket.send(JSON.stringify(message))
  }

  /** The first message that fits, come or to come. */
  async heard(fits: (message: Message) => boolean): Promise<Message> {
    for (;;) {
      const found = this.#messages.find(fits)
      if (found !== undefined) return found
      await new Promise<void>((wake) => this.#waiting.push(wake))
    }
  }

  async close(): Promise<void> {
    if (this.#socket.readyState === WebSocket.CLOSED) return
    const closed = once(this.#socket, 'close')
    this.#socket.close()
    await closed
  }
}
