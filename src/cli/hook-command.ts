import { HookFailure } from '../core/errors.ts'
import {
  createApp,
  createScrub,
  type HookFacts,
  type HookName,
  type HookRequest,
  type HookSettings,
  type HttpApp,
  hookForm,
  hookNames,
  isHookName,
  type RawAnswer,
  refusedConnectHint,
  type Scrub,
} from '../hooks/index.ts'
import { escapeText, masked, printUrl } from '../telemetry/index.ts'

/** One hook to send by hand. */
export interface HookCommand {
  readonly hook: string
  /** What the hook is about: channel, user, payload, recipient. */
  readonly fields: HookFacts
  /** `Cookie` header, '' for none. */
  readonly cookie?: string | undefined
  readonly settings: HookSettings
  /** Prints one line. */
  readonly write: (line: string) => void
}

/**
 * `offhook hook NAME`: sends one real, signed hook and prints request, answer, verdict and hint, without the secrets.
 * Resolves with the exit code: 0 if the app allowed it, else 1.
 */
export async function runHookCommand(command: HookCommand): Promise<0 | 1> {
  const { hook, settings, write } = command
  if (!isHookName(hook)) {
    write(`No hook is called ${JSON.stringify(hook)}. Hooks: ${hookNames.join(', ')}.`)
    return 1
  }
  if (!isJson(command.fields.payload ?? 'null')) {
    write('--payload must be JSON, as in: --payload \'{"text": "hi"}\'')
    return 1
  }
  const print = printer(command)
  const app = createApp(settings, { observe: print })
  try {
    return await sendHook(app, hook, { ...command, write: print.line })
  } catch (error) {
    print.line('')
    print.line(...describeFailure(error))
    return 1
  } finally {
    await app.close()
  }
}

/** Offhook itself never sends an app a payload that is none: the app may fail on it as it likes. */
function isJson(text: string): boolean {
  try {
    JSON.parse(text)
    return true
  } catch {
    return false
  }
}

async function sendHook(app: HttpApp, hook: HookName, command: HookCommand): Promise<0 | 1> {
  const { fields, cookie, write } = command
  const form = hookForm(hook, fields)
  const cookies = cookie ? { cookies: cookie } : {}
  if (hook === 'disconnect') {
    await app.tell({ ...disconnectNotice(form), kind: 'disconnect', due: 0, tries: 0 }, cookies)
    write('')
    write('Verdict: taken. The app is only told; what it answers does not matter.')
    return 0
  }
  const gate = { hook, form, ...cookies }
  const verdict = await app.ask(gate)
  write('')
  write(verdict.allowed ? 'Verdict: allowed.' : `Verdict: refused. ${refusalText(verdict.answer)}`)
  const hint = refusedConnectHint(gate, verdict)
  if (hint !== undefined) write(`Hint: ${hint}`)
  return verdict.allowed ? 0 : 1
}

function disconnectNotice(form: readonly (readonly [string, string])[]): {
  id: string
  body: string
} {
  const { name, channels = '[]', conn_id } = Object.fromEntries(form)
  const body = JSON.stringify({ name, conn_id, channels: JSON.parse(channels) })
  return { id: `msg_${crypto.randomUUID().replaceAll('-', '')}`, body }
}

function refusalText(answer: Readonly<Record<string, unknown>>): string {
  const text = ['error', 'msg'].map((key) => (Object.hasOwn(answer, key) ? answer[key] : undefined))
  const shown = text.find((value) => typeof value === 'string')
  return `The client sees ${JSON.stringify(shown ?? 'Unauthorized')}.`
}

function describeFailure(error: unknown): string[] {
  if (!(error instanceof HookFailure))
    return [`Not sent: ${error instanceof Error ? error.message : String(error)}`]
  return [
    `Verdict: none, so the action is refused (cause: ${error.reason}): ${error.message}.`,
    ...(isSocketError(error.cause) ? [`Error: ${error.cause.code}`] : []),
    `Hint: ${error.hint}`,
  ]
}

function isSocketError(error: unknown): error is Error & { code: string } {
  return error instanceof Error && 'code' in error && typeof error.code === 'string'
}

interface Printer {
  line(...lines: string[]): void
  request(request: HookRequest): void
  answer(answer: RawAnswer): void
}

const maxShown = 2000

/** Prints what goes over the wire; every line passes the scrub and cannot move the terminal's cursor. */
function printer({ settings, cookie, write }: HookCommand): Printer {
  const secrets = [settings.hookSecret, ...settings.signingSecret, ...(settings.otherSecrets ?? [])]
  const scrub = createScrub(secrets, cookie)
  const line = (...lines: string[]): void => {
    for (const one of lines) write(escapeText(scrub(one)))
  }
  return {
    line,
    request({ url, headers, body }) {
      line(`POST ${printUrl(url)}${url.search === '' ? '' : `?${masked}`}`)
      for (let i = 0; i < headers.length; i += 2) line(`  ${headers[i]}: ${headers[i + 1]}`)
      line('')
      // The secret is masked by its name too: it may be so short that it stands everywhere.
      for (const [field, value] of new URLSearchParams(body))
        line(`  ${field}=${field === 'secret' ? masked : value}`)
    },
    answer(answer) {
      const type = answer.headers['content-type'] ?? 'no content type'
      line('', `Answer: status ${answer.status}, ${type}, ${answer.body.length} bytes`)
      for (const one of shownBody(answer, scrub)) line(`  ${one}`)
    },
  }
}

/** Scrubbed before it is cut, so that no half of a secret stays. */
function shownBody(answer: RawAnswer, scrub: Scrub): string[] {
  const text = scrub(answer.body.subarray(0, 64 * 1024).toString('utf8'))
  const shown = text.length > maxShown ? `${text.slice(0, maxShown).toWellFormed()}…` : text
  return shown === '' ? [] : shown.split(/\r?\n/)
}
