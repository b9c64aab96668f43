import { median } from '../measure/statistics.ts'
import type { Scenario } from './scenario.ts'
import { withServer } from './with-server.ts'

/** From the start of the process until it listens, with an empty data folder. */
export const coldStart: Scenario = {
  name: 'cold-start',
  title: () => 'Cold start to listening',
  unit: 'ms',
  counts: 'start',
  async run(turn) {
    const times: number[] = []
    for (let i = 0; i < turn.sizes.starts; i += 1) {
      times.push(await withServer(turn, { channels: 'passing' }, async (server) => server.startMs))
    }
    return [{ value: median(times) }]
  },
}
