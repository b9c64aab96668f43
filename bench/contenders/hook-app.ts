import { type Child, startChild } from '../processes/children.ts'
import type { Cores } from '../processes/cores.ts'
import { serverScript } from './node-server.ts'

/** Starts the app that answers hooks; `channelOptions` is its answer to questions about new channels. */
export function startHookApp(cores: Cores, channelOptions: object): Promise<Child> {
  return startChild({
    file: process.execPath,
    args: [serverScript('hook-app.ts')],
    env: { BENCH_CHANNEL_OPTIONS: JSON.stringify(channelOptions) },
    core: cores.app,
    portLine: /^listening (\d+)$/,
  })
}
