import type { Connection } from '../connection.ts'
import type { Question } from '../gate-keeper.ts'

/** Whom a question about a channel concerns. `connection`: its cookies are carried. */
interface Subject {
  readonly user?: string | undefined
  readonly connection?: Connection | undefined
}

/**
 * A question to the app about a channel as a whole or about a user's place in it (spec/hookbox.md §5). Only the hooks
 * about a place tell the user in the form.
 */
export function channelQuestion(
  hook: 'create_channel' | 'destroy_channel' | 'subscribe' | 'unsubscribe',
  channel: string,
  subject: Subject = {},
): Question {
  const { user, connection } = subject
  const isPlace = hook === 'subscribe' || hook === 'unsubscribe'
  return {
    hook,
    form: [
      ['channel_name', channel],
      ['destination', channel],
      ...(isPlace && user !== undefined ? ([['user', user]] as const) : []),
    ],
    channel,
    ...(user === undefined ? {} : { user }),
    ...(connection === undefined ? {} : { connection }),
  }
}
