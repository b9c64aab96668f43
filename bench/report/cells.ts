import type { Report } from './report.ts'
import type { Row } from './summary.ts'

/** A table of one scenario: its title, its columns' heads, its rows. */
export interface Table {
  readonly title: string
  readonly heads: readonly string[]
  readonly lines: readonly (readonly string[])[]
}

type Unit = '/s' | 'KiB' | 'ms'

/** One table per scenario that has figures. */
export function tablesOf(report: Report): Table[] {
  return report.scenarios.flatMap((scenario) => {
    const rows = report.rows.filter((row) => row.scenario === scenario.name)
    if (rows.length === 0) return []
    const { unit, counts } = scenario
    const what = unit === '/s' ? `${counts}/s` : unit
    const isLoad = unit === '/s'
    const title = scenario.title(report.sizes)
    const heads = isLoad
      ? [
          'Contender',
          'Payload',
          what,
          'min–max',
          '× control',
          'p50',
          'p99',
          'CPU s per million',
          '× control',
          'busy',
        ]
      : ['Contender', what, 'min–max', '× control']
    const order = (row: Row) =>
      (row.payload ?? 0) * report.contenders.length +
      report.contenders.findIndex(({ name }) => name === row.contender)
    const lines = rows
      .sort((a, b) => order(a) - order(b))
      .map((row) => (isLoad ? loadLine(row, report) : plainLine(row, { unit, report })))
    return [{ title, heads, lines }]
  })
}

function loadLine(row: Row, report: Report): string[] {
  return [
    titleOf(row, report),
    `${row.payload ?? 0} B`,
    amount(row.median, '/s'),
    `${amount(row.min, '/s')}–${amount(row.max, '/s')}`,
    ratioText(row.ratio),
    milliseconds(row.p50Ms),
    milliseconds(row.p99Ms),
    row.cpuPerMillion === undefined ? '–' : row.cpuPerMillion.toFixed(2),
    ratioText(row.cpuRatio),
    busyText(row),
  ]
}

function plainLine(row: Row, { unit, report }: { unit: Unit; report: Report }): string[] {
  return [
    titleOf(row, report),
    amount(row.median, unit),
    `${amount(row.min, unit)}–${amount(row.max, unit)}`,
    ratioText(row.ratio),
  ]
}

function titleOf(row: Row, { contenders }: Report): string {
  return contenders.find(({ name }) => name === row.contender)?.title ?? row.contender
}

function ratioText(ratio: number | undefined): string {
  return ratio === undefined ? '–' : ratio.toFixed(2)
}

/** Shares of a core: server, then load generator; `!` and `?` as the legend says. */
function busyText(row: Row): string {
  const [server, generator] = [row.serverShare, row.generatorShare].map((share) =>
    share === undefined ? '–' : percent(share),
  )
  return `${server} / ${generator}${row.generatorLimited ? ' !' : ''}${row.disturbed ? ' ?' : ''}`
}

function percent(share: number): string {
  return `${Math.round(share * 100)} %`
}

function amount(value: number, unit: Unit): string {
  if (unit === 'ms') return value.toFixed(0)
  if (unit === 'KiB') return value.toFixed(1)
  if (value >= 100_000) return `${(value / 1000).toFixed(0)} k`
  return value >= 1000 ? `${(value / 1000).toFixed(1)} k` : value.toFixed(0)
}

function milliseconds(ms: number | undefined): string {
  if (ms === undefined) return '–'
  return `${ms < 10 ? ms.toFixed(2) : ms.toFixed(1)} ms`
}
