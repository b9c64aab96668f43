import type { ChannelAggregate, LogMark, RecoverySettings } from './channel.ts'

/** Which entries of a channel are shown, and which are still kept for healing and resume (design §3). */

/** Offsets between two marks of a log. */
const markEvery = 64
/** Most entries one commit deletes: a shrunken history of a million entries must not stall its channel. */
const maxTrim = 2048
/** Trimming waits for this many entries, so that a publish does not pay for a delete of its own. */
const minSlack = 64
const maxSlack = 1024
/** Marks kept of a log; older ones are of no use to the usual recovery window. */
const maxMarks = 64

type Log = Pick<ChannelAggregate, 'offset' | 'first' | 'marks' | 'hidden' | 'options'>

/**
 * Offset of the oldest entry that `history_size` shows (before `history_duration` is looked at), where the entry at
 * `without` takes no place.
 */
export function shownFrom(log: Log, without?: number): number {
  const newest = log.offset - log.options.history_size + 1
  const from = without !== undefined && without >= newest ? newest - 1 : newest
  return Math.max(log.first, log.hidden + 1, from)
}

/** Whether an entry is young enough for `history_duration`. */
export function isYoung(entry: { at: number }, log: Log, now: number): boolean {
  const seconds = log.options.history_duration
  return seconds === 0 || entry.at >= now - seconds * 1000
}

/** The new `first` after a commit at `now`: unchanged until enough entries may go at once. */
export function trimmedFirst(log: Log, recovery: RecoverySettings, now: number): number {
  if (log.offset - log.first < minSlack) return log.first
  const size = log.options.history_size
  // One more than is shown: a join that is not part of its own snapshot lets an older entry take its place.
  const keep = size > 0 ? Math.max(size + 1, recovery.recoveryEntries) : 1
  let target = log.offset - keep + 1
  if (size > 0) {
    const aged = agedThrough(log.marks, now - recovery.recoverySeconds * 1000)
    target = Math.max(target, Math.min(aged, log.offset - size - 1) + 1)
  }
  const slack = Math.min(maxSlack, Math.max(minSlack, keep >> 3))
  return target - log.first < slack ? log.first : Math.min(target, log.first + maxTrim)
}

/** Marks are in the order of time (but for a clock that was set back): the first young one ends the search. */
function agedThrough(marks: readonly LogMark[], before: number): number {
  let offset = 0
  for (const mark of marks) {
    if (mark.at >= before) break
    offset = mark.offset
  }
  return offset
}

/** The marks after the log has come to `offset` at `now`; the same list where none is due. */
export function markLog(log: Log, now: number): readonly LogMark[] {
  const last = log.marks.at(-1)
  if (last !== undefined && log.offset - last.offset < markEvery) return log.marks
  const kept = log.marks.filter((mark) => mark.offset >= log.first).slice(-maxMarks)
  return [...kept, { offset: log.offset, at: now }]
}
