/** The part of the old page script's logging that pages call (spec/hookbox.md §8). */

/** Levels in rising order of weight. A logger writes what is at least as heavy as its own level. */
const levels = { DEBUG: 1, LOG: 2, INFO: 3, WARN: 4, ERROR: 5 } as const

type Method = 'debug' | 'log' | 'info' | 'warn' | 'error'

/** Writes to the browser's console under a name. */
export class Logger {
  readonly name: string
  #level: number = levels.WARN
  readonly #floor: () => number

  constructor(name: string, floor: () => number) {
    this.name = name
    this.#floor = floor
  }

  setLevel(level: number): void {
    this.#level = level
  }

  getLevel(): number {
    return this.#level
  }

  debug(...words: unknown[]): void {
    this.#write('debug', levels.DEBUG, words)
  }

  log(...words: unknown[]): void {
    this.#write('log', levels.LOG, words)
  }

  info(...words: unknown[]): void {
    this.#write('info', levels.INFO, words)
  }

  warn(...words: unknown[]): void {
    this.#write('warn', levels.WARN, words)
  }

  error(...words: unknown[]): void {
    this.#write('error', levels.ERROR, words)
  }

  #write(method: Method, weight: number, words: readonly unknown[]): void {
    if (weight < this.#level || weight < this.#floor()) return
    // biome-ignore lint/suspicious/noConsole: a page script has no other log
    console[method](`[${this.name}]`, ...words)
  }
}

/** What stands at `hookbox.logging`. */
export interface Logging {
  readonly DEBUG: number
  readonly LOG: number
  readonly INFO: number
  readonly WARN: number
  readonly ERROR: number
  /** The logger of that name; made on first use. */
  get(name: string): Logger
  /** Sets the level of the logger of that name. */
  set(name: string, level: number): void
  /** All loggers by name. */
  getAll(): Record<string, Logger>
  /** In production only errors are written, whatever the loggers' levels. */
  setProduction(production: unknown): void
}

/** Makes an own set of loggers. */
export function createLogging(): Logging {
  const loggers = new Map<string, Logger>()
  let floor: number = levels.DEBUG
  const get = (name: string): Logger => {
    const known = loggers.get(name)
    if (known !== undefined) return known
    const logger = new Logger(name, () => floor)
    loggers.set(name, logger)
    return logger
  }
  return {
    ...levels,
    get,
    set: (name, level) => get(name).setLevel(level),
    getAll: () => Object.fromEntries(loggers),
    setProduction: (production) => {
      floor = production ? levels.ERROR : levels.DEBUG
    },
  }
}
