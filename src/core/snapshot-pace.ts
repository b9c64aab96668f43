import type { Connection } from './connection.ts'
import type { Core } from './core.ts'

const lookAgainMs = 100

/**
 * Resolves when a connection may ask for another snapshot. Snapshots are not held against a slow reader, so each waits
 * until those before it have been taken but for `--max-waiting-bytes`: else every SUBSCRIBE of a link that reads
 * nothing would cost the memory of one more (G6).
 */
export async function snapshotsTaken(core: Core, connection: Connection): Promise<void> {
  while (connection.stage !== 'closed' && isBehind(core, connection)) {
    await new Promise<void>((resolve) => {
      core.clock.after(lookAgainMs, resolve)
    })
  }
}

function isBehind(core: Core, { link, snapshotBytes }: Connection): boolean {
  return link.pendingBytes + snapshotBytes > core.settings.maxWaitingBytes
}
