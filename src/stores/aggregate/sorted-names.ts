/** A sorted set of names that pages cheaply also with a million of them: sorted runs of at most `maxRun`. */
export class SortedNames {
  private readonly runs: string[][] = []
  size = 0

  has(name: string): boolean {
    const run = this.runs[this.runOf(name)]
    return run !== undefined && run[lowerBound(run, name)] === name
  }

  add(name: string): void {
    if (this.runs.length === 0) this.runs.push([])
    const at = Math.min(this.runOf(name), this.runs.length - 1)
    const run = this.runs[at] as string[]
    const index = lowerBound(run, name)
    if (run[index] === name) return
    run.splice(index, 0, name)
    this.size += 1
    if (run.length > maxRun) this.runs.splice(at + 1, 0, run.splice(maxRun / 2))
  }

  delete(name: string): void {
    const at = this.runOf(name)
    const run = this.runs[at]
    if (run === undefined) return
    const index = lowerBound(run, name)
    if (run[index] !== name) return
    run.splice(index, 1)
    this.size -= 1
    if (run.length === 0) this.runs.splice(at, 1)
  }

  /** Names after `after` (from the beginning without it), in order. */
  *after(after: string | undefined): Generator<string> {
    let at = after === undefined ? 0 : this.runOf(after)
    for (; at < this.runs.length; at += 1) {
      for (const name of this.runs[at] as string[])
        if (after === undefined || name > after) yield name
    }
  }

  /** Index of the first run whose last name is not below `name`. */
  private runOf(name: string): number {
    let low = 0
    let high = this.runs.length
    while (low < high) {
      const middle = (low + high) >> 1
      const last = this.runs[middle]?.at(-1) as string
      if (last < name) low = middle + 1
      else high = middle
    }
    return low
  }
}

const maxRun = 512

/** Index of the first name in a sorted run that is not below `name`. */
function lowerBound(run: readonly string[], name: string): number {
  let low = 0
  let high = run.length
  while (low < high) {
    const middle = (low + high) >> 1
    if ((run[middle] as string) < name) low = middle + 1
    else high = middle
  }
  return low
}
