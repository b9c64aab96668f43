import { InvalidJson, maxJsonDepth, parseJson } from '../core/json.ts'
import { subjectOf } from './call-name.ts'
import type { RawAnswer } from './exchange.ts'
import { wantedAnswer } from './hints.ts'
import { badAnswer, type HookCall } from './hook-failure.ts'

/** Fatal, so that broken UTF-8 is an error; a byte order mark, which PHP files like to send, is dropped. */
const utf8 = new TextDecoder('utf-8', { fatal: true })

/** The body of an answer as JSON, under the limits of spec/safety.md §3. Throws HookFailure `not_json`. */
export function readJson(call: HookCall, answer: RawAnswer): unknown {
  try {
    const text = utf8.decode(answer.body)
    return parseJson(text, { bytes: answer.body.length, depth: maxJsonDepth })
  } catch (error) {
    if (!(error instanceof InvalidJson || error instanceof TypeError)) throw error
    const why = error instanceof InvalidJson ? error.message : 'not UTF-8'
    throw badAnswer(call, answer, {
      reason: 'not_json',
      message: `the answer to ${subjectOf(call.name)} is not the JSON it must be: ${why}`,
      hint: jsonHint(call, answer),
    })
  }
}

/** Whether a value of JSON is an object. Its keys are the app's: read them with Object.hasOwn. */
export function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function jsonHint(call: HookCall, answer: RawAnswer): string {
  const encoding = answer.headers['content-encoding']
  if (encoding && encoding !== 'identity')
    return 'The answer is compressed, which Offhook did not ask for: switch compression off for hooks.'
  const wanted = wantedAnswer(call.name)
  if (answer.body.length === 0) return `The answer is empty: print ${wanted}.`
  if (/html/i.test(answer.headers['content-type'] ?? ''))
    return `The answer is a page: does the path lead to the ${call.name === 'profile' ? 'profile' : 'hook'}, and does it need no login?`
  return `Print nothing but ${wanted}.`
}
