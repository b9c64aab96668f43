// The web app behind the hooks: a process of its own that speaks just enough HTTP to be no part of what is measured.
// BENCH_CHANNEL_OPTIONS is what it answers when it is asked about a new channel.
import { createServer, type Socket } from 'node:net'
import { listen } from './listen.ts'

const channelOptions = process.env['BENCH_CHANNEL_OPTIONS'] ?? '{}'
const allowed = answer('[true,{}]')
const answers = new Map([
  ['/hookbox/create_channel', answer(`[true,${channelOptions}]`)],
  ['/centrifugo/publish', answer('{"result":{}}')],
])
const maxWaitingBytes = 1_048_576
let users = 0

listen(createServer(serve))

function serve(socket: Socket): void {
  let waiting = ''
  socket.setNoDelay()
  socket.setEncoding('latin1')
  socket.on('error', () => socket.destroy())
  socket.on('data', (chunk: string) => {
    waiting += chunk
    let size = requestSize(waiting)
    while (size !== undefined) {
      socket.write(answerTo(waiting), 'latin1')
      waiting = waiting.slice(size)
      size = requestSize(waiting)
    }
    if (waiting.length > maxWaitingBytes) socket.destroy()
  })
}

/** Length of the first request with its body, if it is whole. */
function requestSize(text: string): number | undefined {
  const end = text.indexOf('\r\n\r\n')
  if (end === -1) return undefined
  const length = Number(/\r\ncontent-length: *(\d+)/i.exec(text.slice(0, end))?.[1] ?? 0)
  const size = end + 4 + length
  return text.length < size ? undefined : size
}

function answerTo(request: string): string {
  const path = request.slice(request.indexOf(' ') + 1, request.indexOf(' HTTP/'))
  if (path !== '/hookbox/connect') return answers.get(path) ?? allowed
  users += 1
  return answer(`[true,{"name":"user-${users}"}]`)
}

function answer(body: string): string {
  return `HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: ${body.length}\r\n\r\n${body}`
}
