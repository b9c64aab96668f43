import { fileURLToPath } from 'node:url'
import type { Command } from '../processes/children.ts'
import type { Setup } from './contender.ts'

const garbageScript = new URL('../servers/collect-garbage.ts', import.meta.url).href

/** The command that runs a script with this Node on the server's core. */
export function nodeServer(
  script: string,
  args: readonly string[],
  setup: Setup,
): Command & { readonly core: number | undefined } {
  const flags = setup.memory ? ['--expose-gc', '--import', garbageScript] : []
  return {
    file: process.execPath,
    args: [...flags, script, ...args],
    core: setup.cores.server,
    portLine: /^listening (\d+)$/,
  }
}

/** The path of a script of bench/servers. */
export function serverScript(file: string): string {
  return fileURLToPath(new URL(`../servers/${file}`, import.meta.url))
}
