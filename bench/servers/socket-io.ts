// Socket.IO with its rooms, on WebSockets only.
import { createServer, type Server as HttpServer } from 'node:http'
import { listen } from './listen.ts'

interface IoSocket {
  join(room: string): void
  on(
    event: 'subscribe' | 'publish',
    act: (channel: string, second: unknown, ack?: unknown) => void,
  ): void
}

interface Io {
  on(event: 'connection', act: (socket: IoSocket) => void): void
  to(room: string): { emit(event: string, ...args: unknown[]): void }
}

interface IoModule {
  readonly Server: new (server: HttpServer, options: object) => Io
}

/** Named by a variable: the types of the repository are checked where bench/node_modules is missing too. */
const moduleName: string = 'socket.io'
const { Server } = (await import(moduleName)) as IoModule
const server = createServer()
const io = new Server(server, {
  transports: ['websocket'],
  perMessageDeflate: false,
  serveClient: false,
  pingInterval: 600_000,
})

io.on('connection', (socket) => {
  socket.on('subscribe', (channel, ack) => {
    socket.join(channel)
    call(ack)
  })
  socket.on('publish', (channel, payload, ack) => {
    io.to(channel).emit('message', channel, payload)
    call(ack)
  })
})
listen(server)

/** An acknowledgement, if the client asked for one. */
function call(ack: unknown): void {
  if (typeof ack === 'function') ack('done')
}
