import { connect, type Socket } from 'node:net'

const host = '127.0.0.1'
/** All links read into the same bytes, one after the other: what is read is walked before the next one reads. */
const readBuffer = Buffer.allocUnsafe(262_144)

/** Where a socket brings what it reads and how it ended. */
export interface RawReader {
  /** `chunk` is only valid until this returns. What it throws ends the socket. */
  read(chunk: Buffer): void
  /** Once; the socket is over. */
  ended(reason: string): void
}

/** Opens a socket to a port of this machine that reads without a buffer, a stream or an event per read. */
export function openSocket(port: number, reader: RawReader): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const socket = connect({
      host,
      port,
      noDelay: true,
      onread: {
        buffer: readBuffer,
        callback: (length, bytes) => {
          try {
            reader.read((bytes as Buffer).subarray(0, length))
          } catch (error) {
            socket.destroy()
            reader.ended(error instanceof Error ? error.message : String(error))
          }
          return true
        },
      },
    })
    socket.once('connect', () => resolve(socket))
    socket.on('error', (error) => {
      reject(error)
      reader.ended(error.message)
    })
    socket.on('close', () => reader.ended('the server closed the link'))
  })
}
