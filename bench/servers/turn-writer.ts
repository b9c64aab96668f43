import type { Socket } from 'node:net'

/** One client of the control: its socket, and the frames that leave at the end of the turn. */
export interface Member {
  readonly socket: Socket
  outbox: Buffer[]
}

/** Joins the frames of one turn of the event loop into one write per socket. */
export class TurnWriter {
  #waiting: Member[] = []
  #lastFrames: readonly Buffer[] = []
  #lastJoined: Buffer = Buffer.alloc(0)

  send(member: Member, frame: Buffer): void {
    if (member.outbox.length === 0) {
      if (this.#waiting.length === 0) setImmediate(() => this.#flush())
      this.#waiting.push(member)
    }
    member.outbox.push(frame)
  }

  #flush(): void {
    const waiting = this.#waiting
    this.#waiting = []
    for (const member of waiting) {
      const frames = member.outbox
      member.outbox = []
      const [first] = frames
      if (first !== undefined) member.socket.write(frames.length === 1 ? first : this.#join(frames))
    }
  }

  /** Most sockets of a turn get the same frames: those are joined once. */
  #join(frames: readonly Buffer[]): Buffer {
    const isSame =
      frames.length === this.#lastFrames.length &&
      frames.every((frame, i) => frame === this.#lastFrames[i])
    if (isSame) return this.#lastJoined
    this.#lastFrames = frames
    this.#lastJoined = Buffer.concat(frames)
    return this.#lastJoined
  }
}

/** A server's text frame (RFC 6455 §5.2). */
export function serverFrame(text: string): Buffer {
  const length = Buffer.byteLength(text)
  const head = length < 126 ? 2 : length < 65_536 ? 4 : 10
  const frame = Buffer.allocUnsafe(head + length)
  frame[0] = 0x81
  frame[1] = head === 2 ? length : head === 4 ? 126 : 127
  if (head === 4) frame.writeUInt16BE(length, 2)
  if (head === 10) frame.writeBigUInt64BE(BigInt(length), 2)
  frame.write(text, head)
  return frame
}
