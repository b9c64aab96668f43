import type { FlagSpec } from './flag-spec.ts'
import { nearest } from './nearest.ts'

/** The command line with every long flag written out, and what was wrong with it. */
export interface ExpandedArguments {
  readonly argv: readonly string[]
  readonly problems: readonly string[]
}

/**
 * Writes prefixes of long flags out and takes out what nobody knows, so that all mistakes can be reported together.
 * Prefixes resolve as Hookbox's option parser did; a name that Hookbox had wins over newer ones.
 */
export function expandArguments(
  argv: readonly string[],
  specs: readonly FlagSpec[],
): ExpandedArguments {
  const expanded: string[] = []
  const problems: string[] = []
  const rest = [...argv]
  for (let token = rest.shift(); token !== undefined; token = rest.shift()) {
    if (token === '--') return { argv: [...expanded, token, ...rest], problems }
    const step = isFlag(token) ? expandFlag(readFlag(token, specs), rest) : { argv: [token] }
    if ('problem' in step) problems.push(step.problem)
    else expanded.push(...step.argv)
  }
  return { argv: expanded, problems }
}

function isFlag(token: string): boolean {
  return token.startsWith('-') && token !== '-'
}

type Step = { readonly argv: readonly string[] } | { readonly problem: string }

/** Takes the value from `rest` where the flag has it in the next token. */
function expandFlag(flag: Flag, rest: string[]): Step {
  if ('problem' in flag) {
    // Most likely its value, which would be reported a second time.
    if (rest[0] !== undefined && !isFlag(rest[0]) && flag.mayTakeNext) rest.shift()
    return flag
  }
  if (flag.complete) return { argv: [flag.written] }
  const value = rest.shift()
  return value === undefined
    ? { problem: `${flag.written} needs a value` }
    : { argv: [flag.written, value] }
}

/** `complete`: no further token belongs to it for certain. */
type Flag =
  | { readonly written: string; readonly complete: boolean }
  | { readonly problem: string; readonly mayTakeNext: boolean }

function readFlag(token: string, specs: readonly FlagSpec[]): Flag {
  if (!token.startsWith('--')) return readShortFlag(token, specs)
  const equals = token.indexOf('=')
  const prefix = token.slice(2, equals < 0 ? undefined : equals)
  const value = equals < 0 ? undefined : token.slice(equals)
  const spec = resolveFlag(prefix, specs)
  if (typeof spec === 'string') return { problem: spec, mayTakeNext: value === undefined }
  if (value !== undefined && spec.takes === 'nothing') {
    return { problem: `--${spec.flag} takes no value`, mayTakeNext: false }
  }
  return {
    written: `--${spec.flag}${value ?? ''}`,
    complete: value !== undefined || spec.takes !== 'value',
  }
}

function readShortFlag(token: string, specs: readonly FlagSpec[]): Flag {
  const letter = token[1]
  const spec = specs.find(({ short }) => short === letter)
  if (!spec) return { problem: `-${letter} is not an option`, mayTakeNext: token.length === 2 }
  return { written: token, complete: token.length > 2 || spec.takes !== 'value' }
}

/** The flag that `prefix` stands for, or what is wrong. */
function resolveFlag(prefix: string, specs: readonly FlagSpec[]): FlagSpec | string {
  const exact = specs.find(({ flag }) => flag === prefix)
  if (exact) return exact
  const matching = prefix === '' ? [] : specs.filter(({ flag }) => flag.startsWith(prefix))
  const [first] = matching
  if (!first) {
    const meant = nearest(
      prefix,
      specs.map(({ flag }) => flag),
    )
    return `--${prefix} is not an option${meant ? `; is it --${meant}?` : ''}`
  }
  return (
    onlyMeaning(matching) ??
    onlyMeaning(matching.filter((spec) => spec.name?.from !== 'file')) ??
    onlyMeaning(matching.filter((spec) => spec.fromHookbox)) ??
    `--${prefix} may be ${listed(matching)}`
  )
}

/** Several names of one setting mean the same. */
function onlyMeaning(matching: readonly FlagSpec[]): FlagSpec | undefined {
  const [first] = matching
  const isOne = matching.every(
    (spec) =>
      spec === first ||
      (spec.name !== undefined &&
        spec.name.key === first?.name?.key &&
        spec.name.from === first.name.from),
  )
  return isOne ? first : undefined
}

function listed(matching: readonly FlagSpec[]): string {
  const flags = matching.slice(0, 5).map(({ flag }) => `--${flag}`)
  return `${flags.join(' or ')}${matching.length > flags.length ? ' or others' : ''}`
}
