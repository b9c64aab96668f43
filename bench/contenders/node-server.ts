import { basename, dirname } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { Command } from '../processes/children.ts'
import type { Setup } from './contender.ts'

const preload = ['--import', new URL('../servers/preload.ts', import.meta.url).href]

/** The command that runs a script with this Node on the server's core. */
export function nodeServer(script: string, args: readonly string[], setup: Setup): Command {
  const { memory, profile, cores } = setup
  const looked = memory || profile !== undefined ? preload : []
  const flags = [...looked, ...(memory ? ['--expose-gc'] : []), ...profileFlags(profile)]
  return {
    file: process.execPath,
    args: [...flags, script, ...args],
    core: cores.server,
    portLine: /^listening (\d+)$/,
    ...(profile === undefined ? {} : { stopBy: 'SIGTERM' }),
  }
}

function profileFlags(profile: string | undefined): string[] {
  if (profile === undefined) return []
  return [
    '--cpu-prof',
    `--cpu-prof-dir=${dirname(profile)}`,
    `--cpu-prof-name=${basename(profile)}.cpuprofile`,
  ]
}

/** The path of a script of bench/servers. */
export function serverScript(file: string): string {
  return fileURLToPath(new URL(`../servers/${file}`, import.meta.url))
}
