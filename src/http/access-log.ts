/** One answered request: no query, no headers (spec/safety.md §6). */
export interface AccessRecord {
  readonly method: string
  readonly path: string
  readonly status: number
  /** Of the answer's body. */
  readonly bytes: number
  readonly ms: number
  /** The client's. */
  readonly address: string
}

/** Where answered requests are told. */
export type AccessLog = (record: AccessRecord) => void
