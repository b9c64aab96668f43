import type { Core } from '../core.ts'
import { userChannelLane } from '../lanes.ts'
import { joinThroughGate, type Subscribe } from './gated-join.ts'
import { carryOutLists } from './lists.ts'

/** Subscribes a connected user (spec/hookbox.md §3, Subscribe). Throws Refusal. */
export function subscribe(core: Core, command: Subscribe): Promise<void> {
  const lane = userChannelLane(command.user, command.channel)
  return core.userLanes.run(lane, () =>
    joinThroughGate(core, command, (verdict) => carryOutLists(core, verdict, command)),
  )
}
