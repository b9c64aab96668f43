import type { Core } from '../core.ts'
import { userChannelLane } from '../lanes.ts'
import { joinThroughGate, type Subscribe } from './gated-join.ts'
import { carryOutLists } from './lists.ts'

/** Subscribes a connected user (spec/hookbox.md §3, Subscribe). Throws Refusal. */
export function subscribe(core: Core, command: Subscribe): Promise<void> {
  const act = () =>
    joinThroughGate(core, command, (verdict) => carryOutLists(core, verdict, command))
  // The app may call from inside the very hook that the lane waits for.
  if (command.connection === undefined) return act()
  return core.userLanes.run(userChannelLane(command.user, command.channel), act)
}
