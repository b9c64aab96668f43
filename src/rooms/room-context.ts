import type { Core } from '../core/core.ts'
import type { Profiles } from '../core/ports.ts'
import type { RoomSettings } from './settings.ts'

/** What every operation on rooms works with. */
export interface RoomContext {
  readonly core: Core
  readonly settings: RoomSettings
  readonly profiles: Profiles
  /** Lets the outbox be looked into now rather than at its next round. */
  readonly wake: () => void
}
