import { readFileSync } from 'node:fs'
import { extname } from 'node:path'
import type { StaticFiles } from './http/static.ts'

const types: Readonly<Record<string, string>> = {
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
}

const scripts = ['hookbox', 'offhook', 'offhook-rooms'].flatMap((name) => [
  `${name}.js`,
  `${name}.min.js`,
])
const names = [...scripts, 'talk.js', 'talk.css']

/** The page scripts, read once at start; without a build there are none, and `missing` names them. */
export function readStaticFiles(): { files: StaticFiles; missing: readonly string[] } {
  const files = new Map<string, { type: string; body: Buffer }>()
  const missing: string[] = []
  for (const name of names) {
    const body = readBuilt(name)
    if (body === undefined) missing.push(name)
    else files.set(`/static/${name}`, { type: types[extname(name)] ?? '', body })
  }
  return { files, missing }
}

/** From beside the folder of this file when it is built, from the build when it runs as source. */
function readBuilt(name: string): Buffer | undefined {
  for (const folder of ['../static/', '../dist/static/']) {
    try {
      return readFileSync(new URL(`${folder}${name}`, import.meta.url))
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error
    }
  }
  return undefined
}
