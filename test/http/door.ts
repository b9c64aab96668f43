import { once } from 'node:events'
import { WebSocket } from 'ws'
import type { Inbound, LinkEnd } from '../../src/core/acceptor.ts'
import type { Refusal } from '../../src/core/errors.ts'
import type { Link } from '../../src/core/ports.ts'
import type { ConnectionDoor, LinkFrom } from '../../src/transports/door.ts'

/** One link as the core's side saw it. */
export class SeenLink {
  readonly received: string[] = []
  ended: LinkEnd | undefined
  readonly link: Link
  readonly from: LinkFrom
  #wake: () => void = () => {}

  constructor(link: Link, from: LinkFrom) {
    this.link = link
    this.from = from
  }

  get cookies(): string | undefined {
    return this.from.protocol === 'hookbox' ? this.from.cookies : undefined
  }

  /** All text so far. */
  get text(): string {
    return this.received.join('')
  }

  receive(text: string): void {
    this.received.push(text)
    this.#wake()
  }

  end(how: LinkEnd): void {
    if (this.ended !== undefined) throw new Error('ended twice')
    this.ended = how
    this.#wake()
  }

  /** Resolves once the condition holds; it is looked at with each thing that happens. */
  async until(holds: (seen: SeenLink) => boolean): Promise<void> {
    while (!holds(this)) {
      await new Promise<void>((resolve) => {
        this.#wake = resolve
      })
    }
  }
}

/** A door that lets everybody in, or says why not. */
export class OpenDoor implements ConnectionDoor {
  readonly seen: SeenLink[] = []
  readonly asked: string[] = []
  refusal: Refusal | undefined
  late: Error | undefined
  onReceive: ((seen: SeenLink, text: string) => void) | undefined

  admits(address: string): Refusal | undefined {
    this.asked.push(address)
    return this.refusal
  }

  accept(link: Link, from: LinkFrom): Inbound {
    if (this.late !== undefined) throw this.late
    const seen = new SeenLink(link, from)
    this.seen.push(seen)
    return {
      receive: (text) => {
        seen.receive(text)
        this.onReceive?.(seen, text)
      },
      end: (how) => seen.end(how),
    }
  }

  /** The one link that came in. */
  get only(): SeenLink {
    const [first] = this.seen
    if (first === undefined || this.seen.length !== 1) throw new Error('not one link')
    return first
  }
}

/** Opens a WebSocket; rejects with `Unexpected server response: STATUS`. */
export async function openSocket(
  port: number,
  options: {
    path?: string
    headers?: Record<string, string>
    compress?: true | { serverMaxWindowBits: number }
  } = {},
): Promise<WebSocket> {
  const ws = new WebSocket(`ws://127.0.0.1:${port}${options.path ?? '/ws'}`, {
    headers: options.headers ?? {},
    perMessageDeflate: options.compress ?? false,
  })
  await once(ws, 'open')
  return ws
}
