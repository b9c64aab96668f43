import { appUrlOf, bracket, unbracket } from './app-url.ts'
import type { Config } from './config.ts'
import type { Settings } from './schema.ts'

/** Brings the settings into the one form that the rest relies on, and adds what derives from them. */
export function completeConfig(given: Settings): Config {
  const appUrl = appUrlOf(given)
  const urls = [appUrl, ...(given.cbSingleUrl === '' ? [] : [given.cbSingleUrl])]
  return Object.freeze({
    ...given,
    appUrl,
    cbHost: bracket(given.cbHost),
    interface: unbracket(given.interface),
    webApiInterface: unbracket(given.webApiInterface || given.interface),
    // Who allows less than a room's default means rooms too; one without any history is none.
    talkHistorySize: Math.min(given.talkHistorySize, Math.max(given.maxHistorySize, 1)),
    publicUrl: given.publicUrl.map(originOf),
    ownOrigin: given.ownOrigin.map(originOf),
    allowOrigin: given.allowOrigin.map(originOf),
    hookOrigins: [...new Set(urls.map(originOf))],
  })
}

function originOf(url: string): string {
  return new URL(url).origin
}
