import { execFile } from 'node:child_process'
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { builtinModules } from 'node:module'
import { tmpdir } from 'node:os'
import { delimiter, dirname, join } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { Child, root } from './child.ts'

let folder = ''
let packed: readonly string[] = []

/** npm starts whatever `node` comes first on the path: let that be the one that runs this. */
const env = {
  ...process.env,
  PATH: `${dirname(process.execPath)}${delimiter}${process.env['PATH'] ?? ''}`,
  npm_config_update_notifier: 'false',
}

async function npm(args: readonly string[], cwd: string): Promise<string> {
  const { stdout } = await promisify(execFile)('npm', args, { cwd, env })
  return stdout
}

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'offhook-package-'))
  const report = await npm(['pack', '--json', '--pack-destination', folder], root)
  packed = JSON.parse(report.slice(report.indexOf('[')))[0].files.map(
    (file: { path: string }) => file.path,
  )
  const [tarball = ''] = readdirSync(folder).filter((name) => name.endsWith('.tgz'))
  writeFileSync(join(folder, 'package.json'), '{"private": true, "type": "module"}')
  await npm(
    ['install', '--prefer-offline', '--no-audit', '--no-fund', join(folder, tarball)],
    folder,
  )
}, 120_000)

afterAll(() => rmSync(folder, { recursive: true, force: true }))

describe('the package', () => {
  test('holds the command, the page scripts and the types', () => {
    expect(packed).toEqual(
      expect.arrayContaining([
        'LICENSE',
        'README.md',
        'dist/cli.js',
        'dist/index.js',
        'dist/index.d.ts',
        'dist/static/hookbox.js',
        'dist/static/hookbox.min.js',
        'dist/static/offhook.js',
        'dist/static/offhook.min.js',
        'dist/static/talk.js',
        'dist/static/talk.css',
        'dist/static/offhook-rooms.js',
        'dist/static/offhook-rooms.min.js',
        'dist/client/index.js',
        'dist/client/index.d.ts',
        'dist/client/rooms/index.js',
        'dist/client/rooms/index.d.ts',
        'dist/client/react/index.js',
        'dist/client/react/index.d.ts',
      ]),
    )
  })

  test('holds neither tests nor the demo nor sources', () => {
    expect(
      packed.filter((path) => /\.test\.|^(src|test|demo|scripts|data)\/|stamp/.test(path)),
    ).toEqual([])
  })

  test('carries its libraries: loading hundreds of files is what makes a start slow', () => {
    const { dependencies } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'))
    const bundles = packed.filter((path) => /^dist\/(server\/.*|cli|index)\.js$/.test(path))
    const outside = bundles.flatMap((path) => {
      const code = readFileSync(join(root, path), 'utf8')
      return [...code.matchAll(/^import [^;]*? from "([^".][^"]*)";$/gm)].map(([, name]) => name)
    })
    expect(bundles.length).toBeLessThan(30)
    expect(outside).toContain('classic-level')
    for (const name of outside) {
      if (name?.startsWith('node:') !== true && !builtinModules.includes(name ?? ''))
        expect(Object.keys(dependencies)).toContain(name)
    }
  })

  test('installs into an empty folder, and its command runs there', async () => {
    const { version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'))
    const { stdout } = await promisify(execFile)('npx', ['offhook', '--version'], {
      cwd: folder,
      env,
    })
    expect(stdout).toBe(`${version}\n`)
  })

  test('serves from there', async () => {
    const cli = join(folder, 'node_modules', 'offhook', 'dist', 'cli.js')
    const child = new Child([cli, '--port', '0', '--interface', '127.0.0.1'], { cwd: folder })
    try {
      const [, url] = await child.printed(/Listening on (http:\S+)/)
      expect((await fetch(`${url}/health/ready`)).status).toBe(200)
      expect(await (await fetch(`${url}/static/hookbox.min.js`)).text()).toContain('hookbox')
      child.process.kill('SIGTERM')
      expect(await child.ended).toBe(0)
      expect(readdirSync(folder)).toContain('data')
    } finally {
      await child.destroy()
    }
  })

  test('can be started by a program', async () => {
    const program = `
      import { createServer } from 'offhook'
      const server = await createServer({ port: 0, interface: '127.0.0.1', store: 'memory' })
      const { status } = await fetch(server.url + '/health/live')
      await server.close()
      process.stdout.write(String(status))`
    const args = ['--input-type=module', '-e', program]
    const { stdout } = await promisify(execFile)(process.execPath, args, { cwd: folder, env })
    expect(stdout).toBe('200')
  })

  test('gives Node programs the SDK', async () => {
    const program = `
      import { createServer } from 'offhook'
      import { connect } from 'offhook/client'
      const options = { port: 0, interface: '127.0.0.1', store: 'memory', appUrl: 'http://127.0.0.1:1' }
      const server = await createServer(options)
      const client = connect(server.url)
      client.on('state', async ({ state, error }) => {
        if (state !== 'offline') return
        process.stdout.write(error.code + ' ' + error.message)
        client.close()
        await server.close()
      })`
    const args = ['--input-type=module', '-e', program]
    const { stdout } = await promisify(execFile)(process.execPath, args, { cwd: folder, env })
    expect(stdout).toBe('app_failed Temporarily unavailable')
  })
})
