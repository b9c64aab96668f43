import { defaultText, valueWord } from './help.ts'
import { type SettingGroup, settingGroups } from './schema.ts'
import { environmentName, flagNames, type Setting } from './setting.ts'

/** docs/reference/configuration.md, from the schema. `scripts/docs.mjs` writes it. */
export function configurationPage(): string {
  return `${configurationIntroduction}\n${settingGroups.map(groupSection).join('\n')}\n${afterword}`
}

/** docs/reference/limits.md, from the schema. */
export function limitsPage(): string {
  const rows = settingGroups
    .flatMap((group) => Object.values(group.settings))
    .filter((setting) => setting.limit !== undefined)
    .map((setting) => [
      code(`--${setting.flag}`),
      code(defaultText(setting)),
      setting.doc,
      setting.limit ?? '',
    ])
  const fixed = fixedLimits.map(([what, limit, outcome]) => [what, limit, outcome])
  return `${limitsIntroduction}
${table(['Option', 'Default', 'What it bounds', 'At the limit'], rows)}

## Fixed

${table(['What', 'Limit', 'At the limit'], fixed)}
`
}

const generated = '<!-- Made by `npm run docs` from src/config: change it there. -->'

const configurationIntroduction = `${generated}

# Configuration

Every setting can be given in four ways. The first one that is given counts:

1. An option on the command line: \`offhook --hook-timeout 5\`. Prefixes of long options do, where they can mean one thing only.
2. An environment variable: \`OFFHOOK_HOOK_TIMEOUT=5\`. An empty one counts as not given, except for texts and lists.
   After these come the variables of Hipochat: \`HIPOCHAT_PROFILE_URL\`, \`HIPOCHAT_PUSH_NOTIFICATION_URL\`,
   \`HIPOCHAT_LISTEN_PORT\`, \`HIPOCHAT_LISTEN_ADDRESS\`, \`HIPOCHAT_REGULAR_MESSAGE_TYPE\`, \`HIPOCHAT_MESSAGE_TYPES\`
   and \`HIPOCHAT_NOTIFIABLE_MESSAGE_TYPES\`. Those for Redis and RabbitMQ have no effect yet: with one of them Offhook
   starts only if \`--store\` is given.
3. A file: \`offhook --config offhook.yaml\` (or \`OFFHOOK_CONFIG\`), JSON or YAML. Its keys are the names of the options:

   \`\`\`yaml
   app-url: http://localhost:3000/hookbox
   hook-timeout: 5
   allow-origin: [https://chat.example.com]
   \`\`\`

4. The default.

Durations are in seconds; \`500ms\`, \`2m\` and \`1h\` are understood too. Sizes are in bytes, or \`64KiB\`, \`1MiB\`. Lists are
separated by commas, or the option is repeated. Switches stand alone or take \`on\` or \`off\`.
Two names of one setting with different values are a mistake. All mistakes are reported together, with exit code 2.

Secrets (marked 🔒) are best read from a file: \`--api-token-file /run/secrets/token\` or \`OFFHOOK_API_TOKEN_FILE\`.
An empty token, password or secret means: off.
`

const afterword = `## Without effect

\`-d\`, \`--debug\` and \`-o\`, \`--objgraph N\` are accepted for scripts written for Hookbox, with a notice.
`

const limitsIntroduction = `${generated}

# Limits

Everything that others can make grow has a bound. Reaching one is counted in \`offhook_limit_reached_total{limit}\`, and
logged once a minute with the option that raises it.
`

/** Limits of the contract itself: no option changes them. */
const fixedLimits: readonly (readonly [what: string, limit: string, outcome: string])[] = [
  ['Name of a channel or user', '1 to 200 characters, no control characters', 'Refused.'],
  ['JSON from outside', '32 levels deep', 'Refused.'],
  ['Cookies of a connection', '64, 8 KiB', 'CONNECT is refused without a hook.'],
  ['Cookie that a hook sets', '4 KiB', 'Left out.'],
  ['Entries of `publish_batch`', '1000', 'Refused.'],
  ['Token of a talk user', '1 to 4096 printable ASCII characters', 'Refused without a request.'],
  ['Profile of a talk user', '64 KiB', 'Counts as no answer.'],
  ['Remembered profiles', '10,000', 'The one longest not used is forgotten.'],
  ['Receivers of one push', '100', 'More are told of in further calls.'],
]

function groupSection(group: SettingGroup): string {
  const rows = Object.values(group.settings).map((setting) => [
    names(setting),
    code(environmentName(setting.flag)),
    code(defaultText(setting)),
    `${setting.secret ? '🔒 ' : ''}${setting.doc}`,
  ])
  return `## ${group.title}\n\n${table(['Option', 'Environment', 'Default', 'What it does'], rows)}\n`
}

function names(setting: Setting): string {
  const [first, ...others] = flagNames(setting)
  const short = setting.short ? `${code(`-${setting.short}`)}, ` : ''
  const value =
    setting.kind === 'switch' && !setting.default ? '' : ` ${valueWord(setting).toUpperCase()}`
  return [`${short}${code(`--${first}${value}`)}`, ...others.map((flag) => code(`--${flag}`))].join(
    '<br>',
  )
}

function code(text: string): string {
  return text === '' ? '' : `\`${text.replaceAll('|', '\\|')}\``
}

function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]): string => `| ${cells.join(' | ')} |`
  return [line(head), line(head.map(() => '---')), ...rows.map(line)].join('\n')
}
