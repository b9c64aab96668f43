import { Refusal } from '../../core/errors.ts'
import { InvalidJson, maxJsonDepth, parseJson } from '../../core/json.ts'
import { isName } from '../../core/names.ts'
import type { HookChoice } from './operations.ts'

/** One field as it was given: a form's or query's text, or a value of a JSON body. */
export type Given =
  | { readonly from: 'form'; readonly text: string }
  | { readonly from: 'json'; readonly value: unknown }

/**
 * The fields of one REST call, from query and body together. In a form a payload or an option is JSON text; in a JSON
 * body it is the value itself. Readers throw Refusals with the texts of spec/hookbox.md §6.
 */
export class Fields {
  readonly #given = new Map<string, Given>()
  readonly #maxBytes: number

  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes
  }

  /** Throws `repeated_field` where the name was given before. */
  add(name: string, given: Given): void {
    if (this.#given.has(name)) throw new Refusal('repeated_field', `${name} is given twice`)
    this.#given.set(name, given)
  }

  /** A scalar, or undefined where it is absent. */
  text(name: string): string | undefined {
    const given = this.#given.get(name)
    if (given === undefined) return undefined
    return given.from === 'form' ? given.text : scalarText(name, given.value)
  }

  /** A scalar that must be there. */
  required(name: string): string {
    const text = this.text(name)
    if (text === undefined) throw new Refusal('missing_field', `Missing ${name}`)
    return text
  }

  /** A channel's or user's name that must be there. */
  name(field: string): string {
    return requiredName(field, this.text(field))
  }

  /** A name that may be absent or empty. */
  optionalName(field: string): string | undefined {
    return presentName(field, this.text(field))
  }

  /** JSON text of a field, `null` where it is absent. Kept as it was written, but on one line. */
  jsonText(name: string): string {
    const given = this.#given.get(name)
    if (given === undefined) return 'null'
    if (given.from === 'json') return JSON.stringify(given.value)
    this.#parse(given.text, `Invalid json for ${name}`)
    return onOneLine(given.text)
  }

  /** The value of a field, undefined where it is absent. */
  value(name: string): unknown {
    const given = this.#given.get(name)
    if (given === undefined) return undefined
    return given.from === 'json' ? given.value : this.#parse(given.text, `Invalid json for ${name}`)
  }

  /** A list of a JSON body; undefined where it is absent or no list. */
  jsonList(name: string): readonly unknown[] | undefined {
    const given = this.#given.get(name)
    return given?.from === 'json' && Array.isArray(given.value) ? given.value : undefined
  }

  /** `send_hook=1` asks the app's hook too. */
  hook(): HookChoice {
    const given = this.#given.get('send_hook')
    const isAsked = given?.from === 'json' ? isOne(given.value) : given?.text === '1'
    return isAsked ? 'ask' : 'skip'
  }

  /** Every field but these, as options. `__proto__` is refused. */
  options(...except: readonly string[]): Record<string, unknown> {
    const options: [string, unknown][] = []
    for (const [name, given] of this.#given) {
      if (name === 'security_token' || except.includes(name)) continue
      if (name === '__proto__') throw new Refusal('invalid_option', 'Unknown option __proto__')
      const message = `Invalid json value for option ${name}`
      options.push([name, given.from === 'json' ? given.value : this.#parse(given.text, message)])
    }
    return Object.fromEntries(options)
  }

  #parse(text: string, message: string): unknown {
    try {
      return parseJson(text, { bytes: this.#maxBytes, depth: maxJsonDepth })
    } catch (error) {
      if (!(error instanceof InvalidJson)) throw error
      const why = error.message === 'not JSON' ? message : `${message} (${error.message})`
      throw new Refusal('invalid_field', why, { cause: error })
    }
  }
}

/** A scalar of JSON as text; undefined where it is absent or null. Throws `invalid_field`. */
export function scalarText(name: string, value: unknown): string | undefined {
  if (typeof value === 'string') return value
  if (value === null || value === undefined) return undefined
  if (Number.isSafeInteger(value)) return String(value)
  throw new Refusal('invalid_field', `${name} must be a string`)
}

/** A name that must be there. Throws `missing_field`, `invalid_name`. */
export function requiredName(field: string, name: string | undefined): string {
  if (name === undefined || name === '') throw new Refusal('missing_field', `Missing ${field}`)
  return checkedName(field, name)
}

/** A name that may be absent or empty. Throws `invalid_name`. */
export function presentName(field: string, name: string | undefined): string | undefined {
  return name === undefined || name === '' ? undefined : checkedName(field, name)
}

/** Throws `invalid_name`; says the field, not the name, which may be anything. */
export function checkedName(field: string, name: string): string {
  if (!isName(name)) throw new Refusal('invalid_name', `Invalid name in ${field}`)
  return name
}

/** Line breaks of valid JSON stand between tokens only; frames end by them. */
function onOneLine(json: string): string {
  return /[\r\n]/.test(json) ? json.replace(/[\r\n]+/g, ' ').trim() : json
}

function isOne(value: unknown): boolean {
  return value === 1 || value === '1' || value === true
}
