const finalText = 0x81
const masked = 0x80
const maskBytes = 4

/** A client's text frame (RFC 6455 §5.2). Its mask is zero, so that building one costs no pass over the payload. */
export function clientFrame(text: string): Buffer {
  const length = Buffer.byteLength(text)
  const lengthBytes = length < 126 ? 0 : length < 65_536 ? 2 : 8
  const head = 2 + lengthBytes + maskBytes
  const frame = Buffer.alloc(head + length)
  frame[0] = finalText
  frame[1] = masked | (lengthBytes === 0 ? length : lengthBytes === 2 ? 126 : 127)
  if (lengthBytes === 2) frame.writeUInt16BE(length, 2)
  if (lengthBytes === 8) frame.writeBigUInt64BE(BigInt(length), 2)
  frame.write(text, head)
  return frame
}

/** Stands in a frame's text for a number that is another one each time it is sent. */
export const serialPlace = '##########'

/** A frame that is sent again and again with a new serial number, written into its bytes in place. */
export class NumberedFrame {
  readonly #frame: Buffer
  readonly #at: number
  #serial: number

  /** `first`: the first number; different senders need ranges of their own. Without a place it stays as it is. */
  constructor(text: string, first: number) {
    this.#frame = clientFrame(text)
    this.#at = this.#frame.indexOf(serialPlace)
    this.#serial = first
  }

  /** The bytes to send now. Only to be called when the ones before have left. */
  next(): Buffer {
    if (this.#at === -1) return this.#frame
    let rest = this.#serial
    this.#serial += 1
    for (let i = serialPlace.length - 1; i >= 0; i -= 1) {
      this.#frame[this.#at + i] = 48 + (rest % 10)
      rest = Math.floor(rest / 10)
    }
    return this.#frame
  }
}
