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

/** A script of bench/servers. */
export function serverScript(name: string): string {
  return fileURLToPath(new URL(`../servers/${name}.ts`, import.meta.url))
}
