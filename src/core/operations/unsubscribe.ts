import type { Core } from '../core.ts'
import { userChannelLane } from '../lanes.ts'
import { leaveThroughGate, type Unsubscribe } from './gated-leave.ts'
import { carryOutLists } from './lists.ts'

/** Takes a user out of a channel, with all its connections (spec/hookbox.md §3, Unsubscribe). Throws Refusal. */
export function unsubscribe(core: Core, command: Unsubscribe): Promise<void> {
  const lane = userChannelLane(command.user, command.channel)
  return core.userLanes.run(lane, () =>
    leaveThroughGate(core, command, (verdict) => carryOutLists(core, verdict, command)),
  )
}
