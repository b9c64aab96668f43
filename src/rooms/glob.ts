/**
 * Whether a name matches a glob: `*` stands for any characters, `?` for one, all others for themselves. Never a regular
 * expression: those can take exponential time (spec/safety.md §2).
 */
export function matchesGlob(glob: string, name: string): boolean {
  const wanted = [...glob]
  const given = [...name]
  let at = 0
  let star = -1
  let afterStar = 0
  for (let next = 0; next < given.length; ) {
    if (at < wanted.length && wanted[at] === '*') {
      star = at
      afterStar = next
      at += 1
    } else if (at < wanted.length && (wanted[at] === '?' || wanted[at] === given[next])) {
      at += 1
      next += 1
    } else if (star >= 0) {
      // The last star takes one character more.
      afterStar += 1
      next = afterStar
      at = star + 1
    } else return false
  }
  return wanted.slice(at).every((character) => character === '*')
}
