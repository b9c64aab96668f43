import type { Mode } from './checks.ts'
import type { Given, Source } from './given.ts'
import { nearest } from './nearest.ts'
import { type Environment, isFromKubernetes } from './read-environment.ts'
import { type SettingKey, type SettingName, settingNames } from './schema.ts'

const prefix = 'HIPOCHAT_'

/** What the variables of Hipochat 0.1 are called here (spec/hipochat.md §8). */
const successors: Readonly<Record<string, SettingKey>> = {
  PROFILE_URL: 'talkProfileUrl',
  PUSH_NOTIFICATION_URL: 'talkPushUrl',
  LISTEN_PORT: 'port',
  LISTEN_ADDRESS: 'interface',
  REGULAR_MESSAGE_TYPE: 'talkRegularType',
  MESSAGE_TYPES: 'talkMessageTypes',
  NOTIFIABLE_MESSAGE_TYPES: 'talkNotifiableTypes',
}

/** Redis and RabbitMQ, which this version does not speak. A host says that they are to be used. */
const serviceHosts = ['HIPOCHAT_REDIS_HOST', 'HIPOCHAT_RABBIT_URL']
const serviceVariables = [
  ...serviceHosts,
  'HIPOCHAT_REDIS_PORT',
  'HIPOCHAT_REDIS_DB',
  'HIPOCHAT_RABBIT_USERNAME',
  'HIPOCHAT_RABBIT_PASS',
]

const names = new Map<string, SettingName>(
  Object.entries(successors).flatMap(([variable, key]) => {
    const name = settingNames.find((one) => one.key === key)
    return name ? [[`${prefix}${variable}`, name] as const] : []
  }),
)

/** Reads `HIPOCHAT_…` variables. Empty ones count as not given; one that nobody knows is only told of. */
export function readHipochat(environment: Environment): Source {
  const given: Given[] = []
  const notices: string[] = []
  for (const [variable, text] of Object.entries(environment)) {
    if (!text || !variable.startsWith(prefix) || isFromKubernetes(variable, text)) continue
    const name = names.get(variable)
    if (name) given.push({ name, raw: text, label: variable })
    else if (!serviceVariables.includes(variable)) notices.push(unknownVariable(variable))
  }
  return { given, problems: [], notices }
}

/**
 * Says that Redis and RabbitMQ are not used. Who has named one and no `--store` expects that nodes share what they hold,
 * so that is a mistake: a store of one node must not take their place unseen. Never shows a value.
 */
export function checkServices(
  environment: Environment,
  { mode, given }: { readonly mode: Mode; readonly given: ReadonlySet<SettingKey> },
): Pick<Source, 'problems' | 'notices'> {
  const found = serviceVariables.filter(
    (variable) => environment[variable] && !isFromKubernetes(variable, environment[variable]),
  )
  const hosts = found.filter((variable) => serviceHosts.includes(variable))
  if (mode === 'serve' && hosts.length > 0 && !given.has('store')) {
    const are = hosts.length > 1 ? 'are set' : 'is set'
    const problem = `${hosts.join(' and ')} ${are}, but this version knows neither Redis nor RabbitMQ: say by --store where this one node keeps rooms, e.g. --store level:./data, or unset ${hosts.length > 1 ? 'them' : 'it'}`
    return { problems: [problem], notices: [] }
  }
  if (found.length === 0) return { problems: [], notices: [] }
  const have = found.length > 1 ? 'have' : 'has'
  const notice = `${found.join(', ')} ${have} no effect: this version knows neither Redis nor RabbitMQ, and keeps rooms on this one node`
  return { problems: [], notices: [notice] }
}

function unknownVariable(variable: string): string {
  const meant = nearest(variable, [...names.keys(), ...serviceVariables])
  return `${variable} is not known and has no effect${meant ? `; is it ${meant}?` : ''}`
}
