import type { Core } from '../core.ts'
import { userChannelLane } from '../lanes.ts'
import { leaveThroughGate, type Unsubscribe } from './gated-leave.ts'
import { carryOutLists } from './lists.ts'

/** Takes a user out of a channel, with all its connections (spec/hookbox.md §3, Unsubscribe). Throws Refusal. */
export function unsubscribe(core: Core, command: Unsubscribe): Promise<void> {
  const act = () =>
    leaveThroughGate(core, command, (verdict) => carryOutLists(core, verdict, command))
  // The app may call from inside the very hook that the lane waits for.
  if (command.connection === undefined) return act()
  return core.userLanes.run(userChannelLane(command.user, command.channel), act)
}
