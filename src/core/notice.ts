/** Something the app is told at least once, always under the same id. */
export interface Notice {
  /** `webhook-id` of every try. */
  readonly id: string
  /** `push`: a message in a room, expanded by the worker; `push_call`: one frozen call to the push URL. */
  readonly kind: 'disconnect' | 'push' | 'push_call'
  /** Unix milliseconds of the first try. */
  readonly due: number
  /** What the adapter sends, as JSON text of the kind's own shape. */
  readonly body: string
  /** Tries made so far. */
  readonly tries: number
}
