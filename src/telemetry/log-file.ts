import fs from 'node:fs'
import { pino } from 'pino'
import { Failure } from '../core/errors.ts'

/** Where finished lines go. */
export interface LogDestination {
  write(line: string): void
  /** Writes what is pending, at once. */
  flush(): void
  /** Writes what is pending, then lets the file go. */
  close(): Promise<void>
}

/** What may wait for a slow disk; further lines are lost and counted, so that the log never fills the memory. */
const maxPendingBytes = 4 * 1024 * 1024

/** Standard error, or a file that only its owner may read. Throws Failure where it cannot be opened. */
export function openLog(file: string, onLost: () => void): LogDestination {
  const stream = pino.destination({
    fd: file === '' ? process.stderr.fd : openFile(file),
    sync: false,
    maxLength: maxPendingBytes,
  })
  // A full disk or a closed pipe must not end the process; whoever reads the metrics sees it.
  stream.on('error', onLost)
  stream.on('drop', onLost)
  return {
    write: (line) => void stream.write(line),
    flush: () => stream.flushSync(),
    close: () =>
      new Promise((resolve) => {
        stream.once('close', resolve)
        stream.once('error', () => resolve())
        stream.end()
      }),
  }
}

function openFile(file: string): number {
  try {
    return fs.openSync(file, 'a', 0o600)
  } catch (error) {
    throw new Failure('log', `cannot open the log file ${file}`, { cause: error })
  }
}
