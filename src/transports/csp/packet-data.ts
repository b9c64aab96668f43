/** The data part of a packet for the browser: JSON text, and how many bytes it takes. */
export interface PacketData {
  readonly json: string
  readonly bytes: number
}
