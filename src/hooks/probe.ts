import net from 'node:net'
import tls from 'node:tls'
import { type ConnectionCause, connectionHint } from './hints.ts'
import { connectionCause } from './hook-failure.ts'
import { hookUrl, verifiesCertificate } from './hook-url.ts'
import { bareHost } from './host.ts'
import type { HookSettings } from './settings.ts'

/** Whether the app is there. `reason` says in words why not, `hint` what to do. */
export type ProbeResult =
  | { readonly reachable: true }
  | { readonly reachable: false; readonly reason: string; readonly hint: string }

const probeTimeoutMs = 3000

/** Opens one TCP or TLS link to the app and ends it; sends no hook. */
export function probeApp(settings: HookSettings): Promise<ProbeResult> {
  const timeoutMs = Math.min(settings.hookTimeoutMs, probeTimeoutMs)
  return new Promise((resolve) => {
    const socket = open(settings)
    const deadline = setTimeout(() => finish('timeout', 'no answer'), timeoutMs)
    function finish(cause: ConnectionCause, reason: string): void {
      clearTimeout(deadline)
      socket.destroy()
      resolve({ reachable: false, reason, hint: connectionHint(cause, 'connect') })
    }
    socket.on('error', (error: NodeJS.ErrnoException) =>
      finish(connectionCause(error), error.code ?? error.message),
    )
    socket.once(socket instanceof tls.TLSSocket ? 'secureConnect' : 'connect', () => {
      clearTimeout(deadline)
      socket.destroy()
      resolve({ reachable: true })
    })
  })
}

function open(settings: HookSettings): net.Socket {
  const url = hookUrl(settings, 'connect')
  const host = bareHost(url.hostname)
  const isTls = url.protocol === 'https:'
  const port = Number(url.port) || (isTls ? 443 : 80)
  if (!isTls) return net.connect({ host, port })
  const servername = (settings.appHostHeader || host).replace(/:\d+$/, '')
  return tls.connect({
    host,
    port,
    rejectUnauthorized: verifiesCertificate(settings, url.hostname),
    ...(net.isIP(servername) ? {} : { servername }),
  })
}
