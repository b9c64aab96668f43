import type { ChannelCommit } from '../../core/ports.ts'
import type { ClaimBook } from '../aggregate/channel.ts'
import type { ChannelDraft } from '../aggregate/channel-draft.ts'
import { type ChannelSlot, readBook } from './channel-slot.ts'
import type { Database } from './database.ts'
import type { Group } from './engine.ts'

/** Publish ids in memory: the books of the users who publish just now; the others stay on disk. */

/** Claims kept in memory per channel. */
const maxClaims = 20_000

/** Whose books a commit needs that are not in memory. */
export function missingBooks(slot: ChannelSlot, commit: ChannelCommit): readonly string[] {
  if (slot.books === 'all') return none
  const missing: string[] = []
  for (const change of commit.changes) {
    const user = 'claim' in change ? change.claim?.user : undefined
    if (user !== undefined && !slot.channel?.claims.has(user)) missing.push(user)
  }
  return missing
}

const none: readonly string[] = []

/** Reads the missing books of a commit. A book was dropped only when all of it was on disk. */
export async function readMissingBooks(
  database: Database,
  slot: ChannelSlot,
  commit: ChannelCommit,
): Promise<void> {
  for (const user of missingBooks(slot, commit)) {
    const book = await readBook(database, slot, user)
    slot.channel?.claims.set(user, book)
    slot.claimCount += book.ids.size
  }
}

/** After a commit with claims: its books are the youngest now; the oldest go where there are too many. */
export function keepBooks(slot: ChannelSlot, draft: ChannelDraft, group: Group): void {
  const claims = slot.channel?.claims
  if (claims === undefined) return
  for (const { user } of draft.claims) {
    const book = claims.get(user)
    if (book === undefined) continue
    if (claims.size > 1) {
      claims.delete(user)
      claims.set(user, book)
    }
    slot.bookGroups.set(user, group)
  }
  if (slot.claimCount > maxClaims) dropBooks(slot, claims)
}

function dropBooks(slot: ChannelSlot, claims: Map<string, ClaimBook>): void {
  for (const [user, book] of claims) {
    if (slot.claimCount <= maxClaims / 2 || claims.size === 1) return
    if (slot.bookGroups.get(user)?.settled === false) continue
    claims.delete(user)
    slot.bookGroups.delete(user)
    slot.claimCount -= book.ids.size
    slot.books = 'some'
  }
}
