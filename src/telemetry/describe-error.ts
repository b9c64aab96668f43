import { Failure, HookFailure, Refusal } from '../core/errors.ts'

/** An error as the log tells it, not yet masked. */
export interface ErrorDescription {
  readonly level: 'warn' | 'error'
  readonly message: string
  readonly fields: Readonly<Record<string, string>>
}

const maxCauses = 5

/** What to log of an error caught at `stage`: advice for hooks, causes for failures, the stack for bugs. */
export function describeError(stage: string, error: unknown): ErrorDescription {
  if (error instanceof HookFailure) return describeHookFailure(error)
  if (error instanceof Refusal)
    return { level: 'warn', message: `${stage}: ${error.message}`, fields: { code: error.code } }
  if (error instanceof Failure) {
    const cause = causesOf(error)
    const fields = cause === '' ? {} : { cause }
    return { level: 'error', message: `${stage} failed: ${error.message}`, fields }
  }
  if (isSystemError(error))
    return { level: 'error', message: `${stage} failed: ${messageOf(error)}`, fields: {} }
  return {
    level: 'error',
    message: `internal error at ${stage}: ${messageOf(error)}`,
    fields: { stack: stackOf(error) },
  }
}

function describeHookFailure(error: HookFailure): ErrorDescription {
  const seen = causesOf(error)
  return {
    level: 'warn',
    message: `hook failed: ${error.message}`,
    fields: {
      request: error.requestId,
      cause: error.reason,
      ...(seen === '' ? {} : { answer: seen }),
      hint: error.hint,
    },
  }
}

/** Messages of the chain of causes, innermost last. */
function causesOf(error: Error): string {
  const messages: string[] = []
  let cause = error.cause
  while (cause !== undefined && messages.length < maxCauses) {
    messages.push(messageOf(cause))
    cause = cause instanceof Error ? cause.cause : undefined
  }
  return messages.join(': ')
}

function messageOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error)
  // A host with several addresses fails with a code and no message.
  return error.message === '' ? (codeOf(error) ?? error.name) : error.message
}

function codeOf(error: Error): string | undefined {
  return 'code' in error && typeof error.code === 'string' ? error.code : undefined
}

/** Whether an error came from the system (disk, network) rather than from a mistake in the program. */
function isSystemError(error: unknown): error is Error {
  return error instanceof Error && 'syscall' in error && codeOf(error) !== undefined
}

/** One line: the frames of the stack, nearest first. */
function stackOf(error: unknown): string {
  if (!(error instanceof Error) || error.stack === undefined) return ''
  const frames = error.stack.split('\n').filter((line) => /^\s+at /.test(line))
  return frames.map((line) => line.trim().slice('at '.length)).join(' < ')
}
