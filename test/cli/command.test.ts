import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { describe, expect, test } from 'vitest'
import { builtCli, root, runChild, runOffhook } from './child.ts'

describe('offhook', () => {
  test('--version prints the version of the package', async () => {
    const { version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'))
    expect(await runOffhook('--version')).toEqual({ code: 0, stdout: `${version}\n`, stderr: '' })
    expect((await runOffhook('-V')).stdout).toBe(`${version}\n`)
  })

  test.each([['--help'], ['-h'], ['dev', '--help'], ['hook', '--help']])(
    '%s %s lists the options',
    async (...args) => {
      const { code, stdout, stderr } = await runOffhook(...args)
      expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
      expect(stdout).toContain('-p, --port <port>')
      expect(stdout).toContain('OFFHOOK_PORT')
      expect(stdout).toContain('--cookie <cookies>')
    },
  )

  test('reports all mistakes at once, with exit code 2', async () => {
    expect(await runOffhook('srve', '--prt', '1', '--port', 'x', '--store', 'mysql')).toEqual({
      code: 2,
      stdout: '',
      stderr: [
        'offhook: --prt is not an option; is it --port?',
        'offhook: "srve" is not an option and no command',
        'offhook: --port must be a whole number from 0 to 65535, not "x"',
        'offhook: --store must be level:FOLDER or memory, not "mysql"',
        'offhook: `offhook --help` lists all options',
        '',
      ].join('\n'),
    })
  })

  test('on an older Node says so in one line', async () => {
    const script = `
      Object.defineProperty(process.versions, 'node', { value: '22.9.0' })
      await import(${JSON.stringify(pathToFileURL(builtCli()).href)})`
    const { code, stderr, stdout } = await runChild(['--input-type=module', '-e', script])
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' })
    expect(stderr).toMatch(/^offhook needs Node\.js 24 or newer; this is v[\d.]+\n$/)
  })
})

describe('offhook hook', () => {
  test('without the name of a hook is a mistake', async () => {
    const { code, stderr } = await runOffhook('hook')
    expect(code).toBe(2)
    expect(stderr).toContain('say which hook')
  })

  test('its own options are unknown elsewhere', async () => {
    const { code, stderr } = await runOffhook('--channel', 'room')
    expect(code).toBe(2)
    expect(stderr).toContain('--channel')
  })
})
