// The control: a bare `ws` server with nothing but what has to be. It parses the command, looks the channel up, builds
// one frame per message and joins the frames of a turn into one write per socket.
import { createServer, type IncomingMessage } from 'node:http'
import type { Socket } from 'node:net'
import { parseArgs } from 'node:util'
import { WebSocketServer } from 'ws'
import { ackText, messageText, readCommand, subscribedText } from './bare-command.ts'
import { answerRest } from './control-rest.ts'
import { type Gate, hookGate, levelGate } from './gates.ts'
import { listen } from './listen.ts'
import { type Member, serverFrame, TurnWriter } from './turn-writer.ts'

const hookLinks = 256
const { values } = parseArgs({ options: { level: { type: 'string' }, hook: { type: 'string' } } })
const gate = await chooseGate()
const writer = new TurnWriter()
const channels = new Map<string, Set<Member>>()

const sockets = new WebSocketServer({ noServer: true, clientTracking: false })
const server = createServer((request, response) => answerRest(request, response, tell))
server.on('upgrade', (request: IncomingMessage, socket: Socket, head: Buffer) => {
  sockets.handleUpgrade(request, socket, head, (ws) => {
    const member: Member = { socket, outbox: [] }
    const joined = new Set<string>()
    ws.on('message', (data) => {
      const channel = carryOut(member, data.toString())
      if (channel !== undefined) joined.add(channel)
    })
    ws.on('error', () => socket.destroy())
    ws.on('close', () => {
      for (const channel of joined) channels.get(channel)?.delete(member)
    })
  })
})
listen(server)

function chooseGate(): Promise<Gate> | Gate | undefined {
  if (values.level !== undefined) return levelGate(values.level)
  return values.hook === undefined ? undefined : hookGate(values.hook, hookLinks)
}

/** Answers the channel that the member subscribed to, if it did. */
function carryOut(member: Member, text: string): string | undefined {
  const command = readCommand(text)
  const { channel } = command
  if (command.op === 'subscribe') {
    const members = channels.get(channel)
    if (members === undefined) channels.set(channel, new Set([member]))
    else members.add(member)
    writer.send(member, serverFrame(subscribedText(channel)))
    return channel
  }
  const { payload, id } = command
  if (gate === undefined) publish(member, { channel, payload, id })
  else {
    gate(channel, payload).then(
      () => publish(member, { channel, payload, id }),
      () => member.socket.destroy(),
    )
  }
  return undefined
}

function publish(
  member: Member,
  { channel, payload, id }: { channel: string; payload: unknown; id: number | undefined },
): void {
  tell(channel, payload)
  if (id !== undefined) writer.send(member, serverFrame(ackText(id)))
}

function tell(channel: string, payload: unknown): void {
  const members = channels.get(channel)
  const frame = serverFrame(messageText(channel, payload))
  if (members !== undefined) for (const member of members) writer.send(member, frame)
}
