import { pino } from 'pino'
import type { Registry } from 'prom-client'
import { HookFailure } from '../core/errors.ts'
import type { Telemetry } from '../core/ports.ts'
import { describeError } from './describe-error.ts'
import { createLimitLog } from './limit-log.ts'
import { type LogDestination, openLog } from './log-file.ts'
import { createMask, type Mask } from './mask.ts'
import { createMetrics } from './metrics.ts'
import { escapeText, toTextLine } from './text-line.ts'

/** What is logged and where. Names equal the config schema's keys. */
export interface TelemetrySettings {
  readonly logLevel: 'debug' | 'info' | 'warn' | 'error' | 'fatal' | 'silent'
  readonly logFormat: 'text' | 'json'
  /** '' for standard error. */
  readonly logFileErrors: string
  /** '' for no access log. */
  readonly logFileAccess: string
  /** Values of all secrets of the configuration: they appear in no line. */
  readonly secrets?: readonly string[]
}

/** One answered HTTP request. */
interface AccessLine {
  readonly method: string
  readonly path: string
  readonly status: number
  readonly bytes: number
  readonly ms: number
  readonly address: string
}

/** Facts beside a message. Secrets among them are masked by name and by value. */
type LogContext = Readonly<Record<string, string | number>>

/** The log and the metrics of one server. */
export interface ServerTelemetry extends Telemetry {
  debug(message: string, context?: LogContext): void
  info(message: string, context?: LogContext): void
  warn(message: string, context?: LogContext): void
  /** The same log with facts added to every line. */
  child(context: LogContext): Telemetry
  /** Writes one line of the access log; absent where there is none. */
  readonly access: ((line: AccessLine) => void) | undefined
  readonly metrics: Registry
  /** Further values that are secret from now on (set_config). */
  hide(secrets: readonly string[]): void
  /** Writes what is pending before the process ends at once. */
  flush(): void
  /** Writes what is pending and lets the files go. */
  close(): Promise<void>
}

/** For tests: the clock, and a place for the lines instead of the file. */
export interface TelemetryParts {
  readonly now?: () => number
  readonly destination?: LogDestination
}

/** Opens the logs. Throws Failure where a file cannot be opened. */
export function createTelemetry(
  settings: TelemetrySettings,
  parts: TelemetryParts = {},
): ServerTelemetry {
  const metrics = createMetrics()
  const now = parts.now ?? Date.now
  const onLost = (): void => metrics.logLinesLost.inc()
  const log = parts.destination ?? openLog(settings.logFileErrors, onLost)
  const accessLog =
    settings.logFileAccess === '' ? undefined : openLog(settings.logFileAccess, onLost)
  const mask = createMask(settings.secrets ?? [])
  const say = createSpeaker(settings, { log, mask, now })
  const limits = createLimitLog(now, (limit, times) =>
    say('warn', `limit reached: ${limit}`, {
      limit,
      times,
      hint: `raise --${limit} if this is meant`,
    }),
  )
  function failure(stage: string, error: unknown, context: LogContext = {}): void {
    const { level, message, fields } = describeError(stage, error)
    metrics.failures.inc({ stage })
    if (error instanceof HookFailure)
      metrics.hookFailures.inc({ hook: String(context['hook'] ?? ''), cause: error.reason })
    say(level, message, { ...context, ...fields })
  }
  function limit(name: string): void {
    metrics.limitReached.inc({ limit: name })
    limits.reached(name)
  }
  return {
    failure,
    limit,
    event: (name, context) => say('info', name, context),
    debug: (message, context) => say('debug', message, context),
    info: (message, context) => say('info', message, context),
    warn: (message, context) => say('warn', message, context),
    child: (more) => ({
      limit,
      failure: (stage, error, context) => failure(stage, error, { ...more, ...context }),
      event: (name, context) => say('info', name, { ...more, ...context }),
    }),
    access: accessLog && ((line) => accessLog.write(accessText(settings, line, now()))),
    metrics: metrics.registry,
    hide: (secrets) => mask.add(secrets),
    flush() {
      log.flush()
      accessLog?.flush()
    },
    async close() {
      await Promise.all([log.close(), accessLog?.close()])
    },
  }
}

type Say = (
  level: 'debug' | 'info' | 'warn' | 'error',
  message: string,
  context?: LogContext,
) => void

/** Longer values say nothing more and may come from outside. */
const maxValueLength = 2000

function createSpeaker(
  settings: TelemetrySettings,
  parts: { log: LogDestination; mask: Mask; now: () => number },
): Say {
  const { log, mask, now } = parts
  const isText = settings.logFormat === 'text'
  const stream = isText
    ? { write: (line: string) => log.write(toTextLine(JSON.parse(line))) }
    : { write: (line: string) => log.write(line) }
  const logger = pino(
    {
      level: settings.logLevel,
      base: null,
      timestamp: () => `,"time":"${new Date(now()).toISOString()}"`,
      formatters: { level: (label) => ({ level: label }) },
    },
    stream,
  )
  return (level, message, context = {}) => {
    if (!logger.isLevelEnabled(level)) return
    const fields: Record<string, string | number> = {}
    for (const [name, value] of Object.entries(context)) {
      const clean = mask.field(name, value)
      fields[name] = typeof clean === 'string' ? cut(clean) : clean
    }
    logger[level](fields, cut(mask.text(message)))
  }
}

function cut(text: string): string {
  return text.length > maxValueLength ? `${text.slice(0, maxValueLength)}…` : text
}

/** The query is taken off once more: it is where tokens travel. */
function accessText(settings: TelemetrySettings, line: AccessLine, now: number): string {
  const time = new Date(now).toISOString()
  const path = cut(line.path.split(/[?#]/, 1)[0] ?? '')
  if (settings.logFormat === 'json') return `${JSON.stringify({ time, ...line, path })}\n`
  const { address, method, status, bytes, ms } = line
  return `${escapeText([time, address, method, path, status, bytes, `${ms.toFixed(1)}ms`].join(' '))}\n`
}
