import { readFileSync } from 'node:fs'

/** The version of this package. Throws where the package is broken. */
export function readVersion(): string {
  const file = new URL('../../package.json', import.meta.url)
  const { version } = JSON.parse(readFileSync(file, 'utf8')) as { version: string }
  return version
}
