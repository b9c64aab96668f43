import { runInNewContext } from 'node:vm'
import { gzipSync } from 'node:zlib'
import { build, type Format } from 'esbuild'
import { expect, test } from 'vitest'

/** What a page loads, minified. */
async function bundle(code: string, format: Format): Promise<Buffer> {
  const { outputFiles } = await build({
    stdin: { contents: code, resolveDir: 'src/client' },
    format,
    bundle: true,
    minify: true,
    target: 'es2022',
    charset: 'ascii',
    external: ['react'],
    write: false,
    legalComments: 'none',
  })
  return Buffer.from(outputFiles[0]?.contents ?? '')
}

test.each([
  { what: 'the SDK', code: "export * from './index.ts'", format: 'esm', limit: 8192 },
  { what: 'the SDK', code: "import './offhook-classic.ts'", format: 'iife', limit: 8192 },
  {
    what: 'the SDK with rooms',
    code: "export * from './index.ts'; export * from './rooms/index.ts'",
    format: 'esm',
    limit: 10_240,
  },
  {
    what: 'the SDK with rooms',
    code: "import './rooms/offhook-rooms-classic.ts'",
    format: 'iife',
    limit: 10_240,
  },
] as const)('$what as $format takes at most $limit bytes of a page', async (how) => {
  const script = await bundle(how.code, how.format)
  expect(gzipSync(script, { level: 9 }).length).toBeLessThanOrEqual(how.limit)
})

test.each([
  { hook: 'useChannel', isThere: false },
  { hook: 'useRoom', isThere: true },
])('a page that uses $hook carries rooms: $isThere', async ({ hook, isThere }) => {
  const script = await bundle(`export { ${hook} } from './react/index.ts'`, 'esm')
  expect(script.includes('ROOMS')).toBe(isThere)
})

test('the classic script with rooms defines the same global, and roomsOf in it', async () => {
  const script = await bundle("import './rooms/offhook-rooms-classic.ts'", 'iife')
  const page: { offhook?: object } = {}
  runInNewContext(script.toString(), page)
  expect(Object.keys(page.offhook ?? {})).toEqual(['connect', 'OffhookError', 'roomsOf'])
})
