import { gzipSync } from 'node:zlib'
import { build } from 'esbuild'
import { expect, test } from 'vitest'

const limit = 8192

test.each([
  { entry: 'index', format: 'esm' },
  { entry: 'offhook-classic', format: 'iife' },
] as const)(
  'the SDK as $format takes at most 8 KB of a page, minified and gzipped',
  async (how) => {
    const { outputFiles } = await build({
      entryPoints: [`src/client/${how.entry}.ts`],
      format: how.format,
      bundle: true,
      minify: true,
      target: 'es2022',
      charset: 'ascii',
      write: false,
      legalComments: 'none',
    })
    const [bundle] = outputFiles
    expect(gzipSync(bundle?.contents ?? '', { level: 9 }).length).toBeLessThanOrEqual(limit)
  },
)
