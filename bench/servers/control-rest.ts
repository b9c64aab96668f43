import type { IncomingMessage, ServerResponse } from 'node:http'

type Tell = (channel: string, payload: unknown) => void

interface Entry {
  readonly channel_name: string
  readonly payload: unknown
}

/** The control's REST on node:http: a publish, or a batch of them, in a JSON body. */
export function answerRest(request: IncomingMessage, response: ServerResponse, tell: Tell): void {
  let body = ''
  request.setEncoding('utf8')
  request.on('data', (chunk: string) => {
    body += chunk
  })
  request.on('end', () => {
    const answer = request.url === '/publish_batch' ? publishBatch(body, tell) : one(body, tell)
    response.writeHead(200, {
      'content-type': 'application/json',
      'content-length': Buffer.byteLength(answer),
    })
    response.end(answer)
  })
}

function one(body: string, tell: Tell): string {
  const { channel_name, payload } = JSON.parse(body) as Entry
  tell(channel_name, payload)
  return '[true,{}]'
}

function publishBatch(body: string, tell: Tell): string {
  const { entries } = JSON.parse(body) as { entries: readonly Entry[] }
  const results = entries.map(({ channel_name, payload }) => {
    tell(channel_name, payload)
    return { ok: true }
  })
  return JSON.stringify([true, { results }])
}
