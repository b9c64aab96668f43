import type { Connection } from '../connection.ts'
import type { Core } from '../core.ts'
import { Refusal } from '../errors.ts'
import { own } from '../gate-keeper.ts'
import { isName } from '../names.ts'
import type { Verdict } from '../ports.ts'
import { joinThroughGate } from './gated-join.ts'
import { leaveThroughGate } from './gated-leave.ts'

/** One channel of a list. `act` never rejects: what fails is reported and stops nothing. */
interface ListStep {
  readonly channel: string
  readonly act: () => Promise<void>
}

interface Subject {
  readonly user: string
  readonly connection?: Connection
}

/** `auto_subscribe` and `auto_unsubscribe` of a hook's answer as steps for a user (spec/hookbox.md §5). */
export function listSteps(core: Core, verdict: Verdict, subject: Subject): ListStep[] {
  const step = (channel: string, act: () => Promise<void>): ListStep => ({
    channel,
    act: () => attempt(core, subject.user, { channel, act }),
  })
  return [
    ...readNames(core, verdict, 'auto_subscribe').map((channel) =>
      step(channel, () => autoSubscribe(core, channel, subject)),
    ),
    ...readNames(core, verdict, 'auto_unsubscribe').map((channel) =>
      step(channel, () => autoUnsubscribe(core, channel, subject)),
    ),
  ]
}

/**
 * Carries the lists out before the action that brought them. They wait for no lane: two subscribes could else wait
 * for each other.
 */
export async function carryOutLists(core: Core, verdict: Verdict, subject: Subject): Promise<void> {
  for (const step of listSteps(core, verdict, subject)) await step.act()
}

async function autoSubscribe(
  core: Core,
  channel: string,
  subject: { user: string; connection?: Connection },
): Promise<void> {
  const hook = core.settings.autoSubscribeAsks ? 'ask' : 'skip'
  const { user, connection } = subject
  const from = connection === undefined ? {} : { connection }
  await joinThroughGate(core, { channel, user, hook, ...from }, ignoreLists)
}

async function autoUnsubscribe(
  core: Core,
  channel: string,
  subject: { user: string },
): Promise<void> {
  const hook = core.settings.autoSubscribeAsks ? 'ask' : 'skip'
  await leaveThroughGate(core, { channel, user: subject.user, hook }, ignoreLists)
}

/** Lists that the hooks of a list bring are not carried out: two channels could bring each other for ever. */
async function ignoreLists(): Promise<void> {}

async function attempt(
  core: Core,
  user: string,
  step: { channel: string; act: () => Promise<unknown> },
): Promise<void> {
  try {
    await step.act()
  } catch (error) {
    const context = { user, channel: step.channel }
    if (error instanceof Refusal) {
      core.telemetry.event('list item refused', { ...context, reason: error.message })
    } else core.telemetry.failure('auto lists', error, context)
  }
}

/** The names of a list; what is no list of names is reported and left out. */
function readNames(core: Core, verdict: Verdict, key: string): string[] {
  const value = own(verdict.answer, key)
  if (value === undefined || value === null) return []
  const list: readonly unknown[] = Array.isArray(value) ? value : []
  const names = list.filter((item): item is string => typeof item === 'string' && isName(item))
  if (!Array.isArray(value) || names.length < list.length) {
    core.telemetry.event('bad option in hook answer', { option: key, request: verdict.requestId })
  }
  const max = core.settings.maxSubscriptions
  if (names.length > max) core.telemetry.limit('max-subscriptions')
  return names.slice(0, max)
}
