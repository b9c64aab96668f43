import { parseArgs } from 'node:util'
import type { Sizes } from './scenarios/scenario.ts'

/** What a run is asked to do. */
export interface Arguments {
  readonly output: 'text' | 'json' | 'markdown'
  /** A document whose figures are replaced. */
  readonly update: string | undefined
  readonly only: readonly string[] | undefined
  readonly scenario: readonly string[] | undefined
  readonly frames: 1 | 2
  readonly profiles: string | undefined
  readonly rounds: number
  readonly sizes: Sizes
}

/** What --help prints. */
export const help = `Usage: npm run bench -- [options]

Starts every contender in turn, round after round, loads it, and prints medians, ranges and ratios to the control.

  --quick             one round with small counts, for a look
  --only NAMES        only these contenders (names separated by commas; the control is needed for ratios)
  --scenario NAMES    only these scenarios
  --rounds N          rounds (3; quick: 1)
  --seconds N         how long each figure is measured (2; quick: 0.5)
  --payload BYTES     payload lengths (100,1024)
  --frames 1|2        version of the frames that Offhook's clients speak (2)
  --profile FOLDER    write what each server on Node spent its time on into FOLDER (slows it a little)
  --markdown          print the tables as Markdown
  --update FILE       put the tables into FILE, between its two figures comments
  --json              print everything for machines
  --list              names of contenders and scenarios
  --help              this

Centrifugo takes part where CENTRIFUGO_BIN names its program; Nchan where nginx has it (NGINX_BIN, NCHAN_MODULE).
`

const options = {
  quick: { type: 'boolean' },
  only: { type: 'string' },
  scenario: { type: 'string' },
  rounds: { type: 'string' },
  seconds: { type: 'string' },
  payload: { type: 'string' },
  frames: { type: 'string' },
  profile: { type: 'string' },
  markdown: { type: 'boolean' },
  update: { type: 'string' },
  json: { type: 'boolean' },
  list: { type: 'boolean' },
  help: { type: 'boolean' },
} as const

const maxRounds = 100
const maxSeconds = 60
const minPayloadBytes = 3
const maxPayloadBytes = 65_536

const full: Sizes = {
  warmUpMs: 1500,
  measureMs: 2000,
  subscribers: 1000,
  burst: 10,
  rooms: 200,
  members: 10,
  publishers: 64,
  restLinks: 32,
  batch: 100,
  idleLinks: 10_000,
  starts: 3,
  payloads: [100, 1024],
}

const quick: Sizes = {
  ...full,
  warmUpMs: 300,
  measureMs: 500,
  subscribers: 300,
  rooms: 50,
  idleLinks: 1000,
  starts: 1,
}

/** Reads the command line. Throws an Error that says what is wrong with it. */
export function readArguments(argv: readonly string[]): Arguments | 'help' | 'list' {
  const { values } = parseArgs({ args: [...argv], options })
  if (values.help) return 'help'
  if (values.list) return 'list'
  const sizes = values.quick ? quick : full
  return {
    output: values.json ? 'json' : values.markdown ? 'markdown' : 'text',
    update: values.update,
    only: listOf(values.only),
    scenario: listOf(values.scenario),
    profiles: values.profile,
    frames: values.frames === undefined ? 2 : readFrames(values.frames),
    rounds: readNumber('--rounds', values.rounds ?? (values.quick ? '1' : '3'), {
      min: 1,
      max: maxRounds,
    }),
    sizes: {
      ...sizes,
      measureMs:
        values.seconds === undefined
          ? sizes.measureMs
          : readNumber('--seconds', values.seconds, { min: 0.1, max: maxSeconds }) * 1000,
      payloads: (listOf(values.payload) ?? sizes.payloads).map((text) =>
        readNumber('--payload', String(text), { min: minPayloadBytes, max: maxPayloadBytes }),
      ),
    },
  }
}

function listOf(text: string | undefined): readonly string[] | undefined {
  return text?.split(',').filter((item) => item !== '')
}

function readFrames(text: string): 1 | 2 {
  if (text === '1') return 1
  if (text === '2') return 2
  throw new Error('--frames takes 1 or 2')
}

function readNumber(flag: string, text: string, { min, max }: { min: number; max: number }) {
  const number = Number(text)
  if (number >= min && number <= max) return number
  throw new Error(`${flag} takes a number from ${min} to ${max}, not ${text}`)
}
