import type { Delivery } from './delivery.ts'
import type { GateKeeper } from './gate-keeper.ts'
import type { Hub } from './hub.ts'
import type { Lanes } from './lanes.ts'
import type { ChannelOptions } from './options.ts'
import type { Pollers } from './pollers.ts'
import type { App, Bus, Clock, Notice, Random, Stores, Telemetry, Web } from './ports.ts'
import type { RoomLayer } from './room-layer.ts'
import type { CoreSettings } from './settings.ts'

/** What the core is given: one adapter per port. */
export interface CoreParts {
  readonly nodeId: string
  readonly settings: CoreSettings
  readonly stores: Stores
  readonly bus: Bus
  readonly app: App
  readonly web: Web
  readonly clock: Clock
  readonly random: Random
  readonly telemetry: Telemetry
  /** Makes what rooms add; absent: there are none. */
  readonly roomLayer?: (core: Core) => RoomLayer
  /** Tries a notice at once, before the outbox's own time for it; settles it in the outbox. */
  readonly notify: (
    notice: Notice,
    context: { readonly cookies?: string; readonly token?: string; readonly address?: string },
  ) => Promise<void>
}

/** What every operation works on: the ports, and what this node holds. */
export interface Core extends CoreParts {
  readonly hub: Hub
  readonly delivery: Delivery
  readonly gates: GateKeeper
  /** Subscribing and unsubscribing of one user and channel, in order. */
  readonly userLanes: Lanes
  /** Attaching and detaching of this node's connections of one user and channel, in order. */
  readonly reconcileLanes: Lanes
  readonly pollers: Pollers
  /** Undefined where this core was made without rooms. */
  readonly rooms: RoomLayer | undefined
  /** Options were set: polling and server presence follow them. */
  readonly channelConfigured: (
    name: string,
    options: ChannelOptions,
    polling?: 'changed' | 'same',
  ) => void
  /** Work that nobody waits for: its failure is reported once, and `stop` waits for it. */
  readonly background: (stage: string, work: Promise<unknown>) => void
  readonly stopping: () => boolean
}
