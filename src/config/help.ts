import { Command, Option } from 'commander'
import type { CommandFlag } from './flag-spec.ts'
import { settingGroups } from './schema.ts'
import { environmentName, flagNames, type Setting } from './setting.ts'

interface HelpOptions {
  /** Width of the terminal. */
  readonly columns?: number
  /** What `offhook hook` takes besides. */
  readonly hookFlags?: readonly CommandFlag[]
}

/** What `offhook --help` prints: every option, grouped, with its default and environment name. */
export function helpText({ columns = 100, hookFlags = [] }: HelpOptions = {}): string {
  const command = new Command('offhook')
    .usage('[dev | hook NAME] [options]')
    .description(introduction)
    .configureHelp({ helpWidth: columns })
    .helpOption('-h, --help', 'Print this.')
    .version('', '-V, --version', 'Print the version.')
    .option(
      '--config <file>',
      'Read settings from a JSON or YAML file; its keys are the names of the options. (env OFFHOOK_CONFIG)',
    )
    .addHelpText('after', afterword)
  for (const group of settingGroups) {
    for (const setting of Object.values(group.settings)) {
      command.addOption(optionOf(setting).helpGroup(`${group.title}:`))
    }
  }
  for (const { flag, placeholder, doc } of hookFlags) {
    command.addOption(new Option(`--${flag} <${placeholder}>`, doc).helpGroup('offhook hook NAME:'))
  }
  let text = ''
  command.configureOutput({ writeOut: (part) => (text += part), getOutHelpWidth: () => columns })
  command.outputHelp()
  return text
}

const introduction = `A realtime server for the web app you already have.

  offhook --app-url http://localhost:3000/hookbox   serve, asking the app at that address
  offhook dev                                       serve without any app, on loopback only
  offhook hook subscribe --channel room --user ann  send one real hook and show what came of it

Each option may also come from its environment variable or from --config; options win over the environment,
the environment over the file. Secrets may come from files: --hook-secret-file, OFFHOOK_HOOK_SECRET_FILE.`

const afterword =
  '\nAccepted without effect, for scripts written for Hookbox: -d, --debug and -o, --objgraph N.\n'

function optionOf(setting: Setting): Option {
  const short = setting.short ? `-${setting.short}, ` : ''
  return new Option(`${short}--${setting.flag}${placeholderOf(setting)}`, descriptionOf(setting))
}

function placeholderOf(setting: Setting): string {
  if (setting.kind === 'switch') return setting.default ? ' <on|off>' : ''
  return ` <${valueWord(setting)}>`
}

/** The word that stands for a setting's value. */
export function valueWord(setting: Setting): string {
  if (setting.placeholder) return setting.placeholder
  if (setting.kind === 'choice') return setting.choices.join('|')
  return {
    text: 'text',
    list: 'list',
    switch: 'on|off',
    port: 'port',
    integer: 'n',
    seconds: 'seconds',
    bytes: 'size',
  }[setting.kind]
}

function descriptionOf(setting: Setting): string {
  const others = flagNames(setting).filter((flag) => flag !== setting.flag)
  const facts = [
    ...others.map((flag) => `also --${flag}`),
    ...(defaultText(setting) === '' ? [] : [`default ${defaultText(setting)}`]),
    `env ${environmentName(setting.flag)}`,
  ]
  return `${setting.doc} (${facts.join(', ')})`
}

/** The default as one would write it; '' for none. */
export function defaultText(setting: Setting): string {
  switch (setting.kind) {
    case 'list':
      return setting.default.join(',')
    case 'switch':
      return setting.default ? 'on' : 'off'
    case 'seconds':
      return `${setting.default} s`
    case 'bytes':
      return sizeText(setting.default)
    case 'port':
      return setting.default === null ? '' : String(setting.default)
    default:
      return String(setting.default)
  }
}

function sizeText(bytes: number): string {
  if (bytes % 1_048_576 === 0) return `${bytes / 1_048_576}MiB`
  return bytes % 1024 === 0 ? `${bytes / 1024}KiB` : String(bytes)
}
