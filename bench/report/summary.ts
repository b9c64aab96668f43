import { median, medianRatio } from '../measure/statistics.ts'
import type { Sample } from '../measure/window.ts'
import type { Figure } from '../rounds.ts'

/** What all rounds say of one contender in one scenario with one payload. */
export interface Row {
  readonly scenario: string
  readonly contender: string
  readonly payload?: number
  readonly rounds: number
  readonly median: number
  readonly min: number
  readonly max: number
  /** To the control, in the same rounds. */
  readonly ratio?: number
  readonly p50Ms?: number
  readonly p99Ms?: number
  readonly cpuPerMillion?: number
  readonly serverShare?: number
  readonly generatorShare?: number
  readonly othersShare?: number
  /** To the control's processor time per delivery, in the same rounds: hardly hurt by what else the machine does. */
  readonly cpuRatio?: number
  /** The load generator was busier than the server, and nearly all the time: the server could have done more. */
  readonly generatorLimited: boolean
  /** Others used the server's core meanwhile: the figure per second is too low, and processor time tells more. */
  readonly disturbed: boolean
}

const controlName = 'control'
const busyShare = 0.9
const disturbedShare = 0.15

/** Brings the figures of all rounds together, in the order in which they came. */
export function summarize(figures: readonly Figure[]): Row[] {
  const groups = new Map<string, Figure[]>()
  for (const figure of figures) {
    const key = keyOf(figure, figure.contender)
    const group = groups.get(key)
    if (group === undefined) groups.set(key, [figure])
    else group.push(figure)
  }
  return [...groups.values()].map((group) => rowOf(group, groups))
}

function keyOf({ scenario, payload }: Figure, contender: string): string {
  return JSON.stringify([scenario, payload ?? 0, contender])
}

function rowOf(group: readonly Figure[], groups: ReadonlyMap<string, readonly Figure[]>): Row {
  const [first] = group
  if (first === undefined) throw new RangeError('a row of no figures')
  const values = group.map(({ value }) => value)
  const control = groups.get(keyOf(first, controlName)) ?? []
  const ratio = medianRatio(byRound(group, rateOf), byRound(control, rateOf))
  const cpuRatio = medianRatio(byRound(group, cpuOf), byRound(control, cpuOf))
  const shares = {
    ...middle(group, 'serverShare'),
    ...middle(group, 'generatorShare'),
    ...middle(group, 'othersShare'),
  }
  return {
    scenario: first.scenario,
    contender: first.contender,
    ...(first.payload === undefined ? {} : { payload: first.payload }),
    rounds: group.length,
    median: median(values),
    min: Math.min(...values),
    max: Math.max(...values),
    ...(ratio === undefined ? {} : { ratio }),
    ...middle(group, 'p50Ms'),
    ...middle(group, 'p99Ms'),
    ...middle(group, 'cpuPerMillion'),
    ...(cpuRatio === undefined ? {} : { cpuRatio }),
    ...shares,
    generatorLimited:
      (shares.generatorShare ?? 0) >= busyShare &&
      (shares.generatorShare ?? 0) > (shares.serverShare ?? 0),
    disturbed: (shares.othersShare ?? 0) >= disturbedShare,
  }
}

function byRound(
  figures: readonly Figure[],
  of: (figure: Figure) => number | undefined,
): Map<number, number> {
  const values = new Map<number, number>()
  for (const figure of figures) {
    const value = of(figure)
    if (value !== undefined) values.set(figure.round, value)
  }
  return values
}

function rateOf({ value }: Figure): number {
  return value
}

function cpuOf({ sample }: Figure): number | undefined {
  return sample?.cpuPerMillion
}

/** The median of one measurement of the samples, under its name; nothing where no sample has it. */
function middle<Key extends keyof Sample>(
  figures: readonly Figure[],
  key: Key,
): { [K in Key]?: number } {
  const values = figures.map(({ sample }) => sample?.[key]).filter((value) => value !== undefined)
  return values.length === 0 ? {} : ({ [key]: median(values) } as { [K in Key]?: number })
}
