import { STATUS_CODES } from 'node:http'
import type { Duplex } from 'node:stream'

/** An answer to a link that has no `ServerResponse`: an upgrade that is refused, a request that is no HTTP. */
export interface RawAnswer {
  readonly status: number
  readonly type: string
  readonly body: string
  readonly headers?: Readonly<Record<string, string>>
}

/** Writes the answer and ends the link. */
export function answerRaw(socket: Duplex, answer: RawAnswer): void {
  if (!socket.writable) {
    socket.destroy()
    return
  }
  const headers: Record<string, string> = {
    Connection: 'close',
    'Content-Type': answer.type,
    'Content-Length': String(Buffer.byteLength(answer.body)),
    'X-Content-Type-Options': 'nosniff',
    'Cache-Control': 'no-store',
    ...answer.headers,
  }
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`)
  const status = `HTTP/1.1 ${answer.status} ${STATUS_CODES[answer.status] ?? ''}\r\n`
  socket.on('error', () => socket.destroy())
  socket.once('finish', () => socket.destroy())
  socket.end(`${status}${lines.join('')}\r\n${answer.body}`)
}
