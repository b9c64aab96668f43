import { cspModes } from '../../helpers/csp-modes.ts'
import { cspTransport, webSocketTransport } from './peer.ts'
import { describeTransport } from './suite.ts'

describeTransport(webSocketTransport)
for (const mode of cspModes) describeTransport(cspTransport(mode))
