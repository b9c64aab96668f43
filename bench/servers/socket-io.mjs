// Socket.IO with its rooms, on WebSockets only. Plain JavaScript, because its cold start is measured: Node takes tens of
// milliseconds to strip types.
import { createServer } from 'node:http'
import { Server } from 'socket.io'

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
    ack('done')
  })
  socket.on('publish', (channel, payload, ack) => {
    io.to(channel).emit('message', channel, payload)
    ack?.('done')
  })
})

server.listen(0, '127.0.0.1', 2048, () => {
  process.stdout.write(`listening ${server.address().port}\n`)
})
