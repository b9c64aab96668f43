import { execFile } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'

const root = join(import.meta.dirname, '..', '..')
const project = join(root, 'tsconfig.core.json')
let folder = ''

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'offhook-core-'))
  writeFileSync(join(folder, 'package.json'), '{"type": "module"}')
})

afterAll(() => rmSync(folder, { recursive: true, force: true }))

/** What the compiler says about a project; empty if all is well. */
function compile(tsconfig: string): Promise<string> {
  const tsc = join(root, 'node_modules', 'typescript', 'bin', 'tsc')
  return new Promise((resolve) => {
    execFile(process.execPath, [tsc, '-p', tsconfig], { cwd: root }, (error, stdout) =>
      resolve(error === null ? '' : stdout || error.message),
    )
  })
}

async function compileText(text: string): Promise<string> {
  writeFileSync(join(folder, 'probe.ts'), text)
  const tsconfig = join(folder, 'tsconfig.json')
  writeFileSync(tsconfig, JSON.stringify({ extends: project, include: ['probe.ts'], exclude: [] }))
  return compile(tsconfig)
}

describe('the core', () => {
  test("compiles without Node's types and without a browser's", async () => {
    expect(await compile(project)).toBe('')
  })

  test.each([
    ['process', 'export const pid = process.pid\n'],
    ['Buffer', "export const bytes = Buffer.from('a')\n"],
    ['setTimeout', 'setTimeout(() => {}, 1)\nexport {}\n'],
    ['fetch', "export const answer = fetch('http://localhost')\n"],
    ['document', 'export const title = document.title\n'],
    ['node:fs', "export * from 'node:fs'\n"],
  ])('could not use %s', async (name, text) => {
    expect(await compileText(text)).toContain(name)
  })

  test('may use the language', async () => {
    expect(await compileText('export const now = (): number => Date.now()\n')).toBe('')
  })
})
