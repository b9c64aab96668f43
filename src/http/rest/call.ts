import type { Fields } from './fields.ts'
import type { RestOperations } from './operations.ts'

/** One call of a method. */
export interface RestCall {
  readonly fields: Fields
  readonly operations: RestOperations
  /** The caller's address; most calls have no use for it. */
  readonly addressOf: () => string
  readonly http: 'GET' | 'POST'
  /** --ignore-publish-non-existing-channels */
  readonly ifMissing: 'refuse' | 'ignore'
  /** Takes what is neither the caller's fault nor the whole call's end. */
  readonly report: (error: unknown) => void
}

/** Does what a method says; the object is the second of the answer's two. */
export type RestMethod = (call: RestCall) => Promise<object>
