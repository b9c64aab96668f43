import type { Connection } from '../connection.ts'
import type { Core } from '../core.ts'
import { Refusal } from '../errors.ts'
import type { Event } from '../event.ts'
import { own, type Question, refusalOf } from '../gate-keeper.ts'
import { isName } from '../names.ts'
import type { UserRecord } from '../ports.ts'
import { tellUser } from '../remote.ts'
import { carryOutLists } from './lists.ts'
import { sharedConnections } from './places.ts'

/** A message from user to user. */
export interface Message {
  readonly sender: string
  readonly recipient: string
  /** JSON text on one line. */
  readonly payload: string
  /** `rule`: as the sender's `moderated_message` says. */
  readonly hook: 'ask' | 'skip' | 'rule'
  readonly connection?: Connection
}

/**
 * Delivers a message to all the recipient's connections and, if the sender is `reflective`, back to the sender's
 * (spec/hookbox.md §3, Message). Throws Refusal.
 */
export async function message(core: Core, command: Message): Promise<void> {
  const sender = await core.stores.users.snapshot(command.sender)
  if (!hearsMessages(sender)) {
    throw new Refusal('user_missing', `User ${command.sender} doesn't exist`)
  }
  const agreed = await agree(core, sender, command)
  const recipient = await core.stores.users.snapshot(agreed.recipient)
  const present = hearsMessages(recipient)
  const event: Event = {
    event: 'message',
    sender: command.sender,
    recipient: present ? agreed.recipient : 'null',
    payload: agreed.payload,
    at: core.clock.now(),
  }
  const reflects = sender.options.reflective && agreed.recipient !== command.sender
  await Promise.all([
    ...(present ? [tellUser(core, recipient, event)] : []),
    ...(reflects ? [tellUser(core, sender, event)] : []),
  ])
}

/** A user who is here by talk alone is in rooms, and hears nothing else. */
function hearsMessages(record: UserRecord | undefined): record is UserRecord {
  return record !== undefined && sharedConnections(record).length > 0
}

interface Agreed {
  readonly recipient: string
  readonly payload: string
}

async function agree(core: Core, sender: UserRecord, command: Message): Promise<Agreed> {
  const recipient = await core.stores.users.snapshot(command.recipient)
  const exists = hearsMessages(recipient)
  const asks = command.hook === 'rule' ? sender.options.moderated_message : command.hook === 'ask'
  if (asks) return askAbout(core, command, exists)
  if (!exists) {
    if (command.connection !== undefined) throw new Refusal('invalid_user_name')
    throw new Refusal('user_missing', `User ${command.recipient} doesn't exist`)
  }
  return command
}

async function askAbout(core: Core, command: Message, exists: boolean): Promise<Agreed> {
  const { sender, recipient, payload, connection } = command
  const question: Question = {
    hook: 'message',
    form: [
      ['sender', sender],
      ['recipient', recipient],
      ['recipient_exists', exists ? 'True' : 'False'],
      ['payload', payload],
    ],
    user: sender,
    ...(connection === undefined ? {} : { connection }),
  }
  const verdict = await core.gates.ask(question)
  await carryOutLists(core, verdict, {
    user: sender,
    ...(connection === undefined ? {} : { connection }),
  })
  if (!verdict.allowed) throw refusalOf(verdict)
  const override = own(verdict.answer, 'override_payload')
  const name = own(verdict.answer, 'override_recipient_name') ?? recipient
  if (typeof name !== 'string' || !isName(name)) {
    throw core.gates.badAnswer(question, verdict, 'override_recipient_name is no user name')
  }
  return {
    recipient: name,
    payload: override === undefined ? payload : JSON.stringify(override),
  }
}
