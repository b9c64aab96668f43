import { isExposed } from './app-url.ts'
import type { Config } from './config.ts'
import type { Problem } from './problem.ts'
import { type SettingKey, settings } from './schema.ts'
import { hookPathSettings } from './settings-hook-paths.ts'

/** Settings that say where hooks go: whoever gives one has an app that decides by hook. */
const hookAddressKeys = [
  'appUrl',
  'cbHost',
  'cbPort',
  'cbPath',
  'cbHttps',
  'cbSingleUrl',
  ...Object.keys(hookPathSettings),
] as readonly SettingKey[]

/** Settings of the talk endpoints alone; the others concern rooms and pushes as well. */
const endpointKeys: readonly SettingKey[] = [
  'talkProfileTtlMs',
  'talkRecheckMs',
  'talkUserKey',
  'talkUserPrefix',
  'talkProfileFields',
  'talkMessageTypes',
  'talkRooms',
  'talkOpenMembership',
  'talkCompat',
]

/** Mistakes among the settings of rooms. `given`: what somebody set, in whatever way. */
export function findTalkProblems(config: Config, given: ReadonlySet<SettingKey>): Problem[] {
  const problems: Problem[] = []
  // Else a talk token would do where the app's own subscribe hook says no.
  const hasHooks = hookAddressKeys.some((key) => given.has(key))
  if (config.talkProfileUrl !== '' && hasHooks && !given.has('talkRooms')) {
    problems.push({
      keys: ['talkProfileUrl', 'talkRooms'],
      text: "say which names may become rooms, e.g. --talk-rooms 'room_*'",
    })
  }
  if (config.talkRegularType === '') {
    problems.push({ keys: ['talkRegularType'], text: '--talk-regular-type must not be empty' })
  }
  return problems
}

/** What is allowed among them, but worth a line at start. */
export function findTalkNotices(config: Config, given: ReadonlySet<SettingKey>): readonly string[] {
  const notices = [...urlNotices(config)]
  const isOn = config.talkProfileUrl !== ''
  if (isOn && config.talkOpenMembership) {
    notices.push(
      '--talk-open-membership lets everybody add and remove members of all rooms, and enter closed ones',
    )
  }
  const idle = isOn ? [] : endpointKeys.filter((key) => given.has(key))
  if (idle.length > 0) {
    const flags = idle.map((key) => `--${settings.get(key)?.flag}`)
    notices.push(
      `without --talk-profile-url the talk endpoints are off: ${flags.join(', ')} ${flags.length > 1 ? 'have' : 'has'} no effect`,
    )
  }
  return notices
}

function* urlNotices({ talkProfileUrl, talkPushUrl }: Config): Iterable<string> {
  if (isExposed(talkProfileUrl))
    yield `--talk-profile-url goes to ${originOf(talkProfileUrl)} over plain http: users' tokens can be read on the way`
  if (isExposed(talkPushUrl))
    yield `--talk-push-url goes to ${originOf(talkPushUrl)} over plain http: messages can be read on the way`
}

function originOf(url: string): string {
  return new URL(url).origin
}
