import type { HookName } from './hook-url.ts'

/** What Offhook asks of or tells the app: a hook by its name, a push, or whose token it is (spec/hipochat.md §1, §5). */
export type CallName = HookName | 'push' | 'profile'

/** As the log speaks of it: `the connect hook`, `the push`. */
export function subjectOf(call: CallName): string {
  if (call === 'push') return 'the push'
  return call === 'profile' ? 'the profile request' : `the ${call} hook`
}

/** The option that says where it goes. */
export function urlFlagOf(call: CallName): string {
  if (call === 'push') return '--talk-push-url'
  return call === 'profile' ? '--talk-profile-url' : '--app-url'
}
