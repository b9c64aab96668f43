import type { Cores } from '../processes/cores.ts'
import type { Request } from '../wire/http-link.ts'
import type { Opening } from '../wire/link.ts'

/** What the channels of a scenario are like. */
export type ChannelKind =
  /** Messages only pass by. */
  | 'passing'
  /** Messages are kept: a contender that has a history uses it. */
  | 'kept'
  /** Each publish asks the app first. */
  | 'asked'

/** What a contender is started for. */
export interface Setup {
  readonly channels: ChannelKind
  readonly cores: Cores
  /** Its memory will be measured: Node servers collect garbage on request. */
  readonly memory?: boolean
}

/** How a contender is spoken to. */
export interface Dialect {
  /** A client that is subscribed to a channel when it is open. */
  subscriber(channel: string): Opening
  /** A client that only publishes to a channel. */
  publisher(channel: string): Opening
  /** A publish, as text of one frame. `payload` is JSON text. */
  publish(channel: string, payload: string): string
  /** A publish that is acknowledged, and what stands in each acknowledgement. */
  acked?(channel: string, payload: string): string
  readonly ackMarker?: string
  readonly rest?: RestDialect
}

/** How a contender is published to over HTTP. */
export interface RestDialect {
  /** Calls that have to be made first, for these channels. */
  prepare?(channels: readonly string[]): readonly Request[]
  publish(channel: string, payload: string): Request
  /** One call with a message to each of these channels. */
  batch?(channels: readonly string[], payload: string): Request
}

/** A contender's server that is up. */
export interface Running {
  readonly pid: number
  readonly port: number
  /** Where REST listens, if elsewhere. */
  readonly restPort?: number
  /** Process of the app that answers its hooks. */
  readonly appPid?: number
  readonly startMs: number
  readonly dialect: Dialect
  /** Makes a Node server collect its garbage. */
  collectGarbage(): void
  stop(): Promise<void>
}

/** One of those that are compared. */
export interface Contender {
  readonly name: string
  /** As tables say it. */
  readonly title: string
  /** Names of the scenarios it takes part in. */
  readonly scenarios: readonly string[]
  /** Why it cannot run here; undefined: it can. */
  missing(): string | undefined
  start(setup: Setup): Promise<Running>
}
