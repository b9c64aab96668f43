/**
 * Frames of protocol version 1 (spec/hookbox.md §2) as the page script needs them: JSON arrays
 * `[id, NAME, args]`, each ended by `\r\n`, cut and joined in any way by the transport.
 */

/** One frame. */
export interface Frame {
  readonly id: number
  readonly name: string
  readonly args: FrameArgs
}

/** Arguments of a frame as JSON gave them: nothing is certain about their types. */
export interface FrameArgs {
  readonly channel_name?: unknown
  readonly user?: unknown
  readonly payload?: unknown
  readonly history_size?: unknown
  readonly state?: unknown
  readonly updates?: unknown
  readonly [key: string]: unknown
}

const delimiter = '\r\n'

/** The text of one frame, its delimiter included. */
export function encodeFrame(frame: Frame): string {
  return buildFrame(frame.id, frame.name, JSON.stringify(frame.args))
}

/** The text of one frame from the JSON text of its arguments. */
export function buildFrame(id: number, name: string, json: string): string {
  return `[${id},"${name}",${json}]${delimiter}`
}

/** JSON text of a page's value; what JSON cannot say (`undefined`, a function) becomes `null`. */
export function encodePayload(value: unknown): string {
  return JSON.stringify(value) ?? 'null'
}

/** Cuts a stream of text into frames. Keeps what stands after the last delimiter for the next call. */
export class FrameDecoder {
  #pending = ''

  /** The frames that `text` completes; `undefined` stands for one that is not a frame. */
  push(text: string): readonly (Frame | undefined)[] {
    const parts = (this.#pending + text).split(delimiter)
    this.#pending = parts.pop() ?? ''
    return parts.filter((part) => part !== '').map(decodeFrame)
  }
}

function decodeFrame(text: string): Frame | undefined {
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch {
    return undefined
  }
  if (!Array.isArray(value) || value.length !== 3) return undefined
  const [id, name, args]: unknown[] = value
  if (typeof id !== 'number' || typeof name !== 'string' || !isObject(args)) return undefined
  return { id, name, args }
}

/** Whether a parsed value is an object that is not a list. */
export function isObject(value: unknown): value is FrameArgs {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** The argument `key` if it is a text, else `''`. */
export function textOf(args: FrameArgs, key: string): string {
  const value = args[key]
  return typeof value === 'string' ? value : ''
}

/** The argument `key` if it is a list, else an empty one. Always a copy. */
export function listOf(args: FrameArgs, key: string): unknown[] {
  const value = args[key]
  return Array.isArray(value) ? [...value] : []
}
