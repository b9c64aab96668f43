/** What a publish came to. Position only where the channel has a history. */
export interface Published {
  /** Unix milliseconds. */
  readonly at: number
  readonly epoch?: string
  readonly offset?: number
  /** The same id was published before: this is what that one came to. */
  readonly duplicate?: true
}
