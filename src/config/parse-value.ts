import { z } from 'zod'
import { formatChecks } from './formats.ts'
import type { Setting, TextFormat } from './setting.ts'

/** A value as `Config` holds it. */
export type Value = string | number | boolean | null | readonly string[]

/** `problem` completes a sentence that begins with the name: "must be …". */
export type Parsed = { readonly value: Value } | { readonly problem: string }

const on = ['true', '1', 'yes', 'on']
const off = ['false', '0', 'no', 'off']

/** Parses what a flag, the environment (texts) or a file (JSON values) gave for a setting. */
export function parseValue(setting: Setting, raw: unknown): Parsed {
  const result = schemaOf(setting).safeParse(raw)
  if (result.success) return { value: result.data }
  const wanted = result.error.issues.map((issue) => issue.message)[0]
  return { problem: `must be ${wanted}${setting.secret ? '' : `, not ${quoteValue(raw)}`}` }
}

/** A value as text that is safe to print: short, in one line, no login of a URL, no control or bidi characters. */
export function quoteValue(raw: unknown): string {
  const text = (JSON.stringify(raw) ?? typeof raw).replaceAll(/\/\/[^/\s"]*@/g, '//***@')
  const shown = text.length > 80 ? `${text.slice(0, 80)}…` : text
  return shown.replace(
    /[\u007f-\u009f\u200b-\u200f\u2028-\u202e\u2066-\u2069\ufeff]/g,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
  )
}

function schemaOf(setting: Setting): z.ZodType<Value> {
  switch (setting.kind) {
    case 'text':
      return textSchema(setting.format)
    case 'list':
      return listSchema(setting.format)
    case 'switch':
      return switchSchema()
    case 'port':
      return portSchema(setting.default === null)
    case 'integer':
      return numberSchema(setting, { unit: /^$/, factors: {}, whole: true })
    case 'seconds':
      return numberSchema(setting, seconds)
    case 'bytes':
      return numberSchema(setting, bytes)
    case 'choice':
      return choiceSchema(setting.choices, setting.spellings ?? {})
    default:
      return setting satisfies never
  }
}

/** YAML reads a password of digits as a number. */
const looseText = z
  .union([z.string(), z.number()], { error: 'a text' })
  .transform(String)
  .refine((text) => !text.includes('\0'), { error: 'a text without NUL' })

function textSchema(format: TextFormat | undefined): z.ZodType<Value> {
  return looseText.superRefine((text, context) => {
    const wanted = format && text !== '' ? formatChecks[format](text) : undefined
    if (wanted !== undefined) context.addIssue({ code: 'custom', message: wanted })
  })
}

function listSchema(format: TextFormat | undefined): z.ZodType<Value> {
  const items = z.union([z.array(looseText), looseText], { error: 'a list of texts' })
  return items.transform((given, context) => {
    const list = [given]
      .flat()
      .flatMap((item) => item.split(/[\s,]+/))
      .filter((item) => item !== '')
    for (const item of list) {
      const wanted = format && formatChecks[format](item)
      if (wanted === undefined) continue
      context.addIssue({
        code: 'custom',
        message: list.length > 1 ? `a list of which each is ${wanted}` : wanted,
      })
    }
    return list
  })
}

function switchSchema(): z.ZodType<Value> {
  return z
    .union([z.boolean(), z.number(), z.string()], { error: 'on or off' })
    .transform((given) => String(given).toLowerCase())
    .refine((word) => on.includes(word) || off.includes(word), { error: 'on or off' })
    .transform((word) => on.includes(word))
}

function portSchema(optional: boolean): z.ZodType<Value> {
  const port = numberSchema({ min: 0, max: 65_535 }, { unit: /^$/, factors: {}, whole: true })
  return optional ? z.union([z.literal(['', null]).transform(() => null), port]) : port
}

function choiceSchema(
  choices: readonly string[],
  spellings: Readonly<Record<string, string>>,
): z.ZodType<Value> {
  const error = choices.join(', ').replace(/, ([^,]+)$/, ' or $1')
  return z
    .union([z.string(), z.number()], { error })
    .transform((given) => String(given).toLowerCase())
    .transform((word) => (Object.hasOwn(spellings, word) ? (spellings[word] ?? word) : word))
    .refine((word) => choices.includes(word), { error })
}

/** How a number may be written: units and what they stand for. */
interface Notation {
  readonly unit: RegExp
  readonly factors: Readonly<Record<string, number>>
  readonly whole: boolean
  readonly noun?: string
  /** Config holds `factor` times what is written without a unit. */
  readonly factor?: number
}

const seconds: Notation = {
  unit: /^(ms|s|m|h)?$/,
  factors: { ms: 0.001, s: 1, m: 60, h: 3600 },
  whole: false,
  noun: 'seconds',
  factor: 1000,
}

const bytes: Notation = {
  unit: /^([KMG]iB)?$/,
  factors: { KiB: 1024, MiB: 1_048_576, GiB: 1_073_741_824 },
  whole: true,
  noun: 'bytes (or 64KiB, 1MiB)',
}

function numberSchema(
  range: { readonly min: number; readonly max: number },
  notation: Notation,
): z.ZodType<Value> {
  const noun = notation.noun ? ` of ${notation.noun}` : ''
  const error = `a ${notation.whole ? 'whole ' : ''}number${noun} from ${range.min} to ${range.max}`
  return z
    .union([z.number(), z.string()], { error })
    .transform((given) => (typeof given === 'number' ? given : readNumber(given, notation)))
    .refine((number) => number >= range.min && number <= range.max, { error })
    .refine((number) => !notation.whole || Number.isInteger(number), { error })
    .transform((number) => (notation.factor ? Math.round(number * notation.factor) : number))
}

function readNumber(text: string, notation: Notation): number {
  const match = /^\s*(\d+(?:\.\d+)?)\s*([A-Za-z]*)\s*$/.exec(text)
  const unit = match?.[2] ?? ''
  if (!match || !notation.unit.test(unit)) return Number.NaN
  return Number(match[1]) * (notation.factors[unit] ?? 1)
}
