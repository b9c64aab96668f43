import { centrifugo } from './centrifugo.ts'
import type { Contender } from './contender.ts'
import { control, controlLevel } from './control.ts'
import { nchan } from './nchan.ts'
import { offhook, offhookWithIds } from './offhook.ts'
import { plainWs } from './plain-ws.ts'
import { socketIo } from './socket-io.ts'

/** All contenders, in the order of the tables. `frames`: the version that Offhook's clients speak. */
export function contendersFor(frames: 1 | 2): readonly Contender[] {
  return [
    offhook(frames),
    ...(frames === 2 ? [offhookWithIds] : []),
    control,
    controlLevel,
    plainWs,
    socketIo,
    nchan,
    centrifugo,
  ]
}
