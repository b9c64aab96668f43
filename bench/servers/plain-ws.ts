// What most people write first: `ws`, and a loop with send() over a channel's members.
import { createServer } from 'node:http'
import { type WebSocket, WebSocketServer } from 'ws'
import { ackText, messageText, readCommand, subscribedText } from './bare-command.ts'
import { listen } from './listen.ts'

const channels = new Map<string, Set<WebSocket>>()
const server = createServer()
const sockets = new WebSocketServer({ server, clientTracking: false })

sockets.on('connection', (ws) => {
  const joined = new Set<string>()
  ws.on('message', (data) => carryOut(ws, joined, data.toString()))
  ws.on('error', () => ws.terminate())
  ws.on('close', () => {
    for (const channel of joined) channels.get(channel)?.delete(ws)
  })
})
listen(server)

function carryOut(ws: WebSocket, joined: Set<string>, text: string): void {
  const command = readCommand(text)
  const { channel } = command
  const members = channels.get(channel) ?? new Set()
  if (command.op === 'subscribe') {
    channels.set(channel, members.add(ws))
    joined.add(channel)
    ws.send(subscribedText(channel))
    return
  }
  const message = messageText(channel, command.payload)
  for (const member of members) if (member.readyState === member.OPEN) member.send(message)
  if (command.id !== undefined) ws.send(ackText(command.id))
}
