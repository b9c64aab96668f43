import { execFile } from 'node:child_process'
import { cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'

/** What each folder may import and what it may not (design: "Imports go one way"). */
const rules: readonly {
  readonly folder: string
  readonly allowed: readonly string[]
  readonly forbidden: readonly string[]
}[] = [
  {
    folder: 'src/core',
    allowed: ['./json.ts', './operations/publish.ts', 'zod'],
    forbidden: ['node:fs', 'fs', 'ws', '../hooks/index.ts', '../config/config.ts', '../server.ts'],
  },
  {
    folder: 'src/core/operations',
    allowed: ['./publish.ts', '../json.ts'],
    forbidden: ['node:fs', 'ws', '../../hooks/index.ts', '../../server.ts'],
  },
  {
    folder: 'src/rooms',
    allowed: ['./members.ts', '../core/ports.ts'],
    forbidden: ['node:fs', 'ws', '../http/listener.ts', '../stores/memory/index.ts'],
  },
  {
    folder: 'src/protocols/hookbox',
    allowed: ['./frames.ts', '../../core/ports.ts', '../../rooms/members.ts', 'zod'],
    forbidden: [
      'node:net',
      'ws',
      'undici',
      '../talk/frames.ts',
      '../../http/listener.ts',
      '../../server.ts',
    ],
  },
  ...['src/stores/level', 'src/buses/redis'].map((folder) => ({
    folder,
    allowed: [
      './index.ts',
      '../../core/ports.ts',
      '../../core/errors.ts',
      'classic-level',
      'node:fs',
    ],
    forbidden: [
      '../../core/hub.ts',
      '../../config/config.ts',
      '../../hooks/index.ts',
      '../../server.ts',
      '../../telemetry/index.ts',
    ],
  })),
  {
    folder: 'src/stores/level',
    allowed: ['../aggregate/channel.ts'],
    forbidden: ['../memory/index.ts', '../../buses/local.ts'],
  },
  {
    folder: 'src/hooks',
    allowed: ['./app.ts', '../core/ports.ts', '../core/json.ts', 'undici'],
    forbidden: [
      '../core/hub.ts',
      '../http/listener.ts',
      '../telemetry/index.ts',
      '../server.ts',
      '../config/config.ts',
    ],
  },
  {
    folder: 'src/telemetry',
    allowed: ['./mask.ts', '../core/ports.ts', 'pino'],
    forbidden: ['../http/listener.ts', '../hooks/index.ts', '../config/config.ts', '../server.ts'],
  },
  {
    folder: 'src/http',
    allowed: ['./static.ts', '../core/errors.ts', '../transports/websocket.ts', 'fastify'],
    forbidden: [
      '../stores/memory/index.ts',
      '../hooks/index.ts',
      '../buses/local.ts',
      '../server.ts',
      '../config/config.ts',
    ],
  },
  {
    folder: 'src/http/rest',
    allowed: ['./methods.ts', '../settings.ts', '../../core/errors.ts'],
    forbidden: ['../../stores/memory/index.ts', '../../hooks/index.ts', '../../server.ts'],
  },
  {
    folder: 'src/transports',
    allowed: ['./door.ts', '../core/ports.ts', '../http/origin.ts', 'ws'],
    forbidden: ['../stores/memory/index.ts', '../hooks/index.ts', '../server.ts'],
  },
  {
    folder: 'src/config',
    allowed: ['./schema.ts', 'zod', '../core/settings.ts'],
    forbidden: ['../http/listener.ts', '../hooks/index.ts', '../server.ts', '../cli/main.ts'],
  },
  {
    folder: 'src/client',
    allowed: ['./frames.ts', '../protocols/hookbox/frames.ts', '../core/errors.ts'],
    forbidden: [
      'node:fs',
      'ws',
      'react',
      './rooms/index.ts',
      './react/index.ts',
      '../core/hub.ts',
      '../http/listener.ts',
    ],
  },
  {
    folder: 'src/client/rooms',
    allowed: ['./rooms.ts', '../emitter.ts'],
    forbidden: ['node:fs', 'react', '../react/index.ts', '../../core/hub.ts'],
  },
  {
    folder: 'src/client/react',
    allowed: ['./provider.ts', '../offhook.ts', '../rooms/index.ts', 'react'],
    forbidden: [
      'node:fs',
      'ws',
      'react-dom',
      '../rooms/room-list.ts',
      '../../core/hub.ts',
      '../../http/listener.ts',
    ],
  },
]

const probes = rules.flatMap(({ folder, allowed, forbidden }, rule) =>
  [...allowed, ...forbidden].map((specifier, index) => ({
    file: `${folder}/probe-${rule}-${index}.ts`,
    specifier,
    isForbidden: forbidden.includes(specifier),
  })),
)

const root = join(import.meta.dirname, '..', '..')
let folder = ''
let refused: ReadonlySet<string>

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'offhook-rules-'))
  for (const file of ['biome.json', '.gitignore']) cpSync(join(root, file), join(folder, file))
  for (const { file, specifier } of probes) {
    mkdirSync(dirname(join(folder, file)), { recursive: true })
    writeFileSync(join(folder, file), `export * from '${specifier}'\n`)
  }
  refused = await filesWithRestrictedImports(folder)
})

afterAll(() => rmSync(folder, { recursive: true, force: true }))

async function filesWithRestrictedImports(cwd: string): Promise<ReadonlySet<string>> {
  const biome = join(root, 'node_modules', '@biomejs', 'biome', 'bin', 'biome')
  const args = [
    biome,
    'lint',
    '--only=style/noRestrictedImports',
    '--reporter=json',
    '--max-diagnostics=none',
    '.',
  ]
  const { stdout } = await promisify(execFile)(process.execPath, args, { cwd }).catch(
    (error: { stdout: string }) => error,
  )
  const report = JSON.parse(stdout) as {
    diagnostics: { category: string; location: { path: string } }[]
  }
  return new Set(report.diagnostics.map(({ location }) => location.path.replace(/^\.\//, '')))
}

describe('the linter', () => {
  test.each(probes.filter(({ isForbidden }) => isForbidden))(
    'refuses $specifier in $file',
    ({ file }) => expect(refused).toContain(file),
  )

  test.each(probes.filter(({ isForbidden }) => !isForbidden))(
    'takes $specifier in $file',
    ({ file }) => expect(refused).not.toContain(file),
  )
})
