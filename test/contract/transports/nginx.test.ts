import { describe, expect, it } from 'vitest'
import { cspModes } from '../../helpers/csp-modes.ts'
import { findNginx, startNginx } from './nginx.ts'
import { cspTransport, webSocketTransport } from './peer.ts'
import { describeTransport } from './suite.ts'

const path = findNginx()
const reason = 'no nginx found (apt-get install nginx-light)'
if (path === undefined && process.env['CI'] !== 'true') {
  process.stderr.write(`skipped, transports behind nginx: ${reason}\n`)
}
if (path === undefined && process.env['CI'] === 'true') {
  it('with CI=true there is an nginx to test with', () => {
    expect.fail(reason)
  })
}

describe.skipIf(path === undefined)('behind nginx', () => {
  const front = (server: { readonly port: number }) => startNginx(path ?? '', server.port)
  describeTransport(webSocketTransport, { front })
  for (const mode of cspModes) describeTransport(cspTransport(mode), { front })
})
