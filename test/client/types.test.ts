import { execFile } from 'node:child_process'
import {
  cpSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, beforeAll, expect, test } from 'vitest'

const root = join(import.meta.dirname, '..', '..')
const run = promisify(execFile)
let folder = ''

/** The package as npm would install it, without its dependencies: types of pages need none. */
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'offhook-types-'))
  await run('npm', ['pack', '--pack-destination', folder], { cwd: root })
  const [tarball = ''] = readdirSync(folder).filter((name) => name.endsWith('.tgz'))
  await run('tar', ['-xzf', join(folder, tarball), '-C', folder])
  mkdirSync(join(folder, 'node_modules', '@types'), { recursive: true })
  cpSync(join(folder, 'package'), join(folder, 'node_modules', 'offhook'), { recursive: true })
  for (const name of ['@types/react', 'csstype']) {
    symlinkSync(join(root, 'node_modules', name), join(folder, 'node_modules', name))
  }
  cpSync(join(import.meta.dirname, 'consumer', 'app.ts'), join(folder, 'app.ts'))
  writeFileSync(join(folder, 'package.json'), '{"private": true, "type": "module"}')
}, 120_000)

afterAll(() => rmSync(folder, { recursive: true, force: true }))

test.each([
  { moduleResolution: 'bundler', module: 'esnext' },
  { moduleResolution: 'node16', module: 'node16' },
  { moduleResolution: 'nodenext', module: 'nodenext' },
])('a page compiles strictly under $moduleResolution', async (resolution) => {
  const compilerOptions = {
    ...resolution,
    strict: true,
    exactOptionalPropertyTypes: true,
    skipLibCheck: false,
    noEmit: true,
    target: 'es2022',
    lib: ['es2022', 'dom', 'dom.iterable', 'dom.asynciterable'],
    types: [],
  }
  const project = join(folder, `tsconfig.${resolution.moduleResolution}.json`)
  writeFileSync(project, JSON.stringify({ compilerOptions, files: ['app.ts'] }))
  const tsc = join(root, 'node_modules', 'typescript', 'bin', 'tsc')
  const { stdout } = await run(process.execPath, [tsc, '-p', project]).catch(
    (error: { stdout: string }) => error,
  )
  expect(stdout).toBe('')
})
