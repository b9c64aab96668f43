import type { ChannelCommitResult, PublishClaim } from '../../core/ports.ts'
import type { Claim, ClaimBook } from './channel.ts'

/** Publish ids (G4): an id is claimed before its gate is asked, completed by its entry, freed by a refusal. */

/** How long an id is remembered. */
export const claimTtlMs = 24 * 60 * 60 * 1000
/** Ids remembered per user and channel. */
const maxClaimsPerUser = 1000
/** After this a pending claim's holder counts as dead, and the claim may be taken over. */
const claimTakeoverMs = 60_000

/** One change of a book; `claim` undefined: the id is free again. */
export interface ClaimMutation {
  readonly user: string
  readonly id: string
  readonly claim: Claim | undefined
}

/** What stands in the way of claiming an id, or undefined where it may be claimed. */
export function claimObstacle(
  held: Claim | undefined,
  wanted: PublishClaim,
  context: { epoch: string; now: number; completes: 'completes' | 'claims' },
): ChannelCommitResult | undefined {
  if (held === undefined || isExpired(held, context.now)) return undefined
  if (held.digest !== wanted.digest) return { outcome: 'reused' }
  if (held.done !== undefined) {
    const position = { epoch: context.epoch, offset: held.done.offset }
    return { outcome: 'duplicate', position, at: held.done.at }
  }
  // Whoever completes is the claimer, or took over from one.
  if (context.completes === 'completes') return undefined
  return context.now - held.claimed < claimTakeoverMs ? { outcome: 'pending' } : undefined
}

/** Whether an id is no longer remembered. */
export function isExpired(claim: Pick<Claim, 'claimed'>, now: number): boolean {
  return claim.claimed <= now - claimTtlMs
}

/** Ids that a book must give up when `added` new ones come in: too old, or beyond the user's last 1000. */
export function surplusClaims(
  book: ClaimBook | undefined,
  added: ReadonlySet<string>,
  now: number,
): string[] {
  const surplus: string[] = []
  if (book === undefined) return surplus
  let size = book.ids.size
  for (const id of added) if (!book.ids.has(id)) size += 1
  for (const [id, claim] of book.ids) {
    if (size <= maxClaimsPerUser && !isExpired(claim, now)) break
    if (added.has(id)) continue
    surplus.push(id)
    size -= 1
  }
  return surplus
}

/** Applies one change to a channel's books; by how many ids they have grown. */
export function applyClaim(claims: Map<string, ClaimBook>, mutation: ClaimMutation): number {
  let book = claims.get(mutation.user)
  if (book === undefined) {
    book = { ids: new Map(), newest: 0 }
    claims.set(mutation.user, book)
  }
  const { id, claim } = mutation
  const before = book.ids.size
  if (claim === undefined) book.ids.delete(id)
  else {
    // A new claim of an id that has expired or was taken over starts a new life at the end of the book.
    if (book.ids.get(id)?.claimed !== claim.claimed) book.ids.delete(id)
    book.ids.set(id, claim)
    book.newest = Math.max(book.newest, claim.claimed)
  }
  return book.ids.size - before
}
