import { ExchangeFailure, type RawAnswer } from './exchange.ts'
import { errorCode } from './hook-failure.ts'

/**
 * Calls `attempt`, and once more in what is left of the time where the other side closed a kept link just as the request
 * was written to it: no fault of either side, and whoever is told or asked twice sees the same id (spec/hipochat.md §6).
 */
export async function onKeptLink(
  timeoutMs: number,
  attempt: (timeoutMs: number) => Promise<RawAnswer>,
): Promise<RawAnswer> {
  const started = performance.now()
  try {
    return await attempt(timeoutMs)
  } catch (error) {
    const leftMs = timeoutMs - (performance.now() - started)
    if (!(lostKeptLink(error) && leftMs > 0)) throw error
    return await attempt(leftMs)
  }
}

/** A new link that is closed without an answer is a failure. */
function lostKeptLink(error: unknown): boolean {
  if (!(error instanceof ExchangeFailure) || error.reason !== 'connection' || error.answer)
    return false
  const code = errorCode(error.cause)
  if (code === 'ECONNRESET' || code === 'EPIPE') return true
  return code === 'UND_ERR_SOCKET' && bytesRead(error.cause) > 0
}

function bytesRead(error: unknown): number {
  const socket = (error as { socket?: { bytesRead?: number } | null }).socket
  return socket?.bytesRead ?? 0
}
