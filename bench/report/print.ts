import { type Table, tablesOf } from './cells.ts'
import type { Report } from './report.ts'

/** What stands below every set of tables. */
const legend =
  'busy: share of one core that the server / the load generator used (with the app that answers hooks); ' +
  '! = the load generator was the limit, the server could have done more; ' +
  '? = other programs used the server’s core too, compare the processor times.'

/** The report for a terminal. */
export function printText(report: Report): string {
  const parts = [
    machineLine(report),
    ...tablesOf(report).map((table) => `${table.title}\n${textTable(table)}`),
    [legend, ...remarks(report)].join('\n'),
  ]
  return `${parts.join('\n\n')}\n`
}

/** The report as Markdown. */
export function printMarkdown(report: Report): string {
  const parts = [
    machineLine(report),
    ...tablesOf(report).map((table) => `### ${table.title}\n\n${markdownTable(table)}`),
    legend,
    ...remarks(report),
  ]
  return `${parts.join('\n\n')}\n`
}

/** The report for machines. */
export function printJson(report: Report): string {
  const { machine, sizes, rounds, rows, skipped, failures } = report
  return `${JSON.stringify({ machine, rounds, sizes, rows, skipped, failures }, null, 2)}\n`
}

function machineLine({ machine, rounds, sizes }: Report): string {
  const { date, system, processor, cores, memoryGiB, node, pinning } = machine
  return (
    `${date}: ${cores} cores (${processor}), ${memoryGiB} GiB, ${system}, Node ${node}; ${pinning}. ` +
    `${rounds} ${rounds === 1 ? 'round' : 'rounds'}, ${sizes.measureMs / 1000} s each.`
  )
}

function remarks({ skipped, failures }: Report): string[] {
  return [
    ...skipped.map(({ contender, reason }) => `Skipped: ${contender} (${reason}).`),
    ...failures.map(
      ({ scenario, contender, round, reason }) =>
        `Failed: ${contender} in ${scenario}, round ${round}: ${reason}`,
    ),
  ]
}

function textTable({ heads, lines }: Table): string {
  const widths = heads.map((head, i) =>
    Math.max(head.length, ...lines.map((line) => line[i]?.length ?? 0)),
  )
  return [heads, ...lines]
    .map((line) =>
      line
        .map((cell, i) => (i === 0 ? cell.padEnd(widths[i] ?? 0) : cell.padStart(widths[i] ?? 0)))
        .join('  '),
    )
    .join('\n')
}

function markdownTable({ heads, lines }: Table): string {
  const rule = heads.map((_, i) => (i === 0 ? '---' : '---:'))
  return [heads, rule, ...lines].map((cells) => `| ${cells.join(' | ')} |`).join('\n')
}
