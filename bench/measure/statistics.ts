/** The middle one, or the mean of the middle two. Throws a RangeError where there is none. */
export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b)
  const low = sorted[Math.ceil(sorted.length / 2) - 1]
  const high = sorted[Math.floor(sorted.length / 2)]
  if (low === undefined || high === undefined) throw new RangeError('no median of nothing')
  return (low + high) / 2
}

/**
 * The median of what each round's value is to the control's value in the same round: a machine that is slower for a
 * while slows both. Undefined where no round has both.
 */
export function medianRatio(
  values: ReadonlyMap<number, number>,
  control: ReadonlyMap<number, number>,
): number | undefined {
  const ratios: number[] = []
  for (const [round, value] of values) {
    const base = control.get(round)
    if (base !== undefined && base > 0) ratios.push(value / base)
  }
  return ratios.length === 0 ? undefined : median(ratios)
}
