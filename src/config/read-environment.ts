import type { Given, Source } from './given.ts'
import { nearest } from './nearest.ts'
import { settingNames } from './schema.ts'
import { environmentName } from './setting.ts'

/** The environment, as `process.env` has it. */
export type Environment = Readonly<Record<string, string | undefined>>

const names = new Map(settingNames.map((name) => [environmentName(name.flag), name]))

const kubernetesNames = /^(OFFHOOK|HIPOCHAT(_\w+)?)_(SERVICE|PORT_\d+)_/

/** Names the configuration file, as `--config` does. */
export const configVariable = 'OFFHOOK_CONFIG'

/** Reads `OFFHOOK_…` variables. One that nobody knows is only told of: it may be meant for another program. */
export function readEnvironment(environment: Environment): Source {
  const given: Given[] = []
  const notices: string[] = []
  for (const [variable, text] of Object.entries(environment)) {
    if (text === undefined || !variable.startsWith('OFFHOOK_') || variable === configVariable)
      continue
    if (isFromKubernetes(variable, text)) continue
    const name = names.get(variable)
    if (!name) notices.push(unknownVariable(variable))
    else if (text !== '' || name.setting.kind === 'text' || name.setting.kind === 'list') {
      given.push({ name, raw: text, label: variable })
    }
  }
  return { given, problems: [], notices }
}

function unknownVariable(variable: string): string {
  const meant = nearest(variable, names.keys())
  return `${variable} is not known and has no effect${meant ? `; is it ${meant}?` : ''}`
}

/**
 * Kubernetes describes a Service named `offhook` in variables such as OFFHOOK_PORT=tcp://10.0.0.1:8001; one named
 * `hipochat-redis` in HIPOCHAT_REDIS_PORT and others.
 */
export function isFromKubernetes(variable: string, text: string): boolean {
  return /^(tcp|udp|sctp):\/\//.test(text) || kubernetesNames.test(variable)
}
