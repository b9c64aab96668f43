/** One way of a page to speak CSP (spec/hookbox.md §7). */
export interface CspMode {
  readonly name: string
  /** Session variables of the handshake. */
  readonly variables: Readonly<Record<string, string>>
  /** How packets and acknowledgements travel. */
  readonly sends: 'POST' | 'GET'
  readonly acknowledges: 'a' | 'Last-Event-ID'
  readonly batchPrefix: string
  readonly batchSuffix: string
  readonly requestPrefix: string
  readonly requestSuffix: string
  /** Content-Type of comet answers. */
  readonly type: string
  /** Pause between two answers, where the server does not hold them. */
  readonly pollMs: number
}

const plain: Omit<CspMode, 'name' | 'variables'> = {
  sends: 'POST',
  acknowledges: 'a',
  batchPrefix: '',
  batchSuffix: '',
  requestPrefix: '',
  requestSuffix: '',
  type: 'text/plain; charset=utf-8',
  pollMs: 0,
}

const longPoll: CspMode = { ...plain, name: 'xhr long-poll', variables: {} }

const streaming: CspMode = {
  ...plain,
  name: 'xhr streaming',
  variables: { is: '1', bs: '\r\n', ps: '1024' },
  batchSuffix: '\r\n',
}

const polling: CspMode = {
  ...plain,
  name: 'polling',
  variables: { du: '0' },
  pollMs: 15,
}

const serverSentEvents: CspMode = {
  ...plain,
  name: 'server-sent events',
  variables: { se: '1', is: '1', bp: 'data: ', bs: '\r\n\r\n', p: '  ' },
  acknowledges: 'Last-Event-ID',
  batchPrefix: 'data: ',
  batchSuffix: '\r\n\r\n',
  type: 'text/event-stream; charset=utf-8',
}

const jsonp: CspMode = {
  ...plain,
  name: 'JSONP',
  variables: { rp: 'cb1', rs: ';', bp: 'cb22', bs: ';', ct: 'application/javascript' },
  sends: 'GET',
  batchPrefix: 'cb22',
  batchSuffix: ';',
  requestPrefix: 'cb1',
  requestSuffix: ';',
  type: 'application/javascript; charset=utf-8',
}

/** The five modes. */
export const cspModes: readonly CspMode[] = [longPoll, streaming, polling, serverSentEvents, jsonp]
