import { acknowledged, throughHook } from './acknowledged.ts'
import { coldStart } from './cold-start.ts'
import { fanOutBurst, fanOutOne } from './fan-out.ts'
import { memory } from './memory.ts'
import { restBatch, restPublish } from './rest.ts'
import { rooms } from './rooms.ts'
import type { Scenario } from './scenario.ts'

/** All scenarios, in the order of the tables. */
export const scenarios: readonly Scenario[] = [
  fanOutOne,
  fanOutBurst,
  rooms,
  acknowledged,
  throughHook,
  restPublish,
  restBatch,
  memory,
  coldStart,
]
