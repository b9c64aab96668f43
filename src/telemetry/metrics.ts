import { Counter, Registry } from 'prom-client'

/** What is counted. Labels come from closed lists only: no name of a channel or user becomes one. */
export interface Metrics {
  readonly registry: Registry
  readonly limitReached: Counter<'limit'>
  readonly failures: Counter<'stage'>
  readonly hookFailures: Counter<'hook' | 'cause'>
  readonly logLinesLost: Counter
}

/** A registry of its own per server, so that two in one process do not share counts. */
export function createMetrics(): Metrics {
  const registry = new Registry()
  const registers = [registry]
  return {
    registry,
    limitReached: new Counter({
      name: 'offhook_limit_reached_total',
      help: 'How often each limit was reached.',
      labelNames: ['limit'],
      registers,
    }),
    failures: new Counter({
      name: 'offhook_failures_total',
      help: 'Failures of dependencies and caught bugs, by what was being done.',
      labelNames: ['stage'],
      registers,
    }),
    hookFailures: new Counter({
      name: 'offhook_hook_failures_total',
      help: 'Hooks without a usable answer, by cause.',
      labelNames: ['hook', 'cause'],
      registers,
    }),
    logLinesLost: new Counter({
      name: 'offhook_log_lines_lost_total',
      help: 'Log lines that could not be written.',
      registers,
    }),
  }
}
