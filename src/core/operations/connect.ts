import type { Command } from '../command.ts'
import type { Connection } from '../connection.ts'
import { mergeCookies } from '../cookies.ts'
import type { Core } from '../core.ts'
import { Refusal } from '../errors.ts'
import { own, type Question, refusalOf } from '../gate-keeper.ts'
import { isName } from '../names.ts'
import type { UserOptions } from '../options.ts'
import type { Verdict } from '../ports.ts'
import { reconcileAll } from '../reconcile.ts'
import { parseUserOptions } from '../user-options.ts'
import { becomeUser } from './become-user.ts'

type Connect = Extract<Command, { op: 'connect' }>

/**
 * Asks the connect hook and makes the connection one of the user it names (spec/hookbox.md §3, Connect). Resolves
 * when CONNECTED and the snapshots of the user's channels are sent; the answer's lists are the caller's to carry
 * out. Throws Refusal.
 */
export async function connect(
  core: Core,
  connection: Connection,
  command: Connect,
): Promise<Verdict> {
  connection.cookies = mergeCookies(command.cookies, {
    header: connection.origin.cookies,
    only: core.settings.cookieIdentifier,
  })
  connection.token = command.token
  connection.payload = command.payload
  connection.since = command.since === undefined ? undefined : new Map(command.since)
  const question: Question = {
    hook: 'connect',
    form: [
      ['conn_id', connection.id],
      ['payload', command.payload],
    ],
    connection,
  }
  const verdict = await core.gates.ask(question)
  if (!verdict.allowed) throw refusedConnect(core, connection, verdict)
  const accepted = await readAnswer(core, connection, { question, verdict })
  if (connection.stage === 'closed') throw new Refusal('not_connected')
  const { user } = await becomeUser(core, connection, accepted)
  const override = own(verdict.answer, 'override_payload')
  core.delivery.tell([connection], {
    event: 'connected',
    name: user.name,
    connection: connection.id,
    payload:
      override === undefined ? connection.session.echo(command.payload) : JSON.stringify(override),
  })
  try {
    await reconcileAll(core, user)
  } catch (error) {
    // The user is in; a snapshot that could not be read is tried again.
    core.telemetry.failure('snapshots after connect', error, { user: user.name })
  }
  return verdict
}

interface Accepted {
  readonly name: string
  readonly options: UserOptions
}

async function readAnswer(
  core: Core,
  connection: Connection,
  answer: { question: Question; verdict: Verdict },
): Promise<Accepted> {
  const { question, verdict } = answer
  const given = own(verdict.answer, 'name')
  const isGuest = given === undefined || given === null
  const name = isGuest ? await guestName(core, connection) : decimalText(given)
  if (typeof name !== 'string' || !isName(name)) {
    throw core.gates.badAnswer(question, verdict, 'name is no user name')
  }
  try {
    return { name, options: parseUserOptions(verdict.answer, 'ignore unknown') }
  } catch (error) {
    if (!(error instanceof Refusal)) throw error
    throw core.gates.badAnswer(question, verdict, error.message)
  }
}

/** A guest is a user of its own: where somebody has its short name already, the name takes more of the id. */
async function guestName(core: Core, { id }: Connection): Promise<string> {
  for (let length = 8; length < id.length; length *= 2) {
    const name = `guest-${id.slice(0, length)}`
    if (!core.hub.users.has(name) && (await core.hub.record(name)) === undefined) return name
  }
  return `guest-${id}`
}

/** A number as `name` stands for its decimal text. */
function decimalText(value: unknown): unknown {
  return typeof value === 'number' ? String(value) : value
}

/** A refusal; one for lack of any cookie is worth a line in the log (docs/guide/cookies.md). */
function refusedConnect(core: Core, connection: Connection, verdict: Verdict): Refusal {
  if (connection.cookies === '') {
    core.telemetry.event('connect refused without cookies', {
      connection: connection.id,
      request: verdict.requestId,
      hint: 'no cookie reached Offhook: see docs/guide/cookies.md',
    })
  }
  return refusalOf(verdict)
}
