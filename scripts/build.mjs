// `npm run build`: the server by tsc, then the page scripts by esbuild. `--if-stale`: only if a source has changed.
import { chmodSync, renameSync, rmSync } from 'node:fs'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import { isBuilt, stampBuild } from './ready.mjs'
import { root, runNode } from './run-node.mjs'

const require = createRequire(import.meta.url)
const dist = join(root, 'dist')
// Whoever runs the last build meanwhile never finds half of a new one.
const next = join(root, `.build-${process.pid}`)

if (!(process.argv.includes('--if-stale') && isBuilt())) process.exitCode = await build()

async function build() {
  try {
    const compiled = await compile()
    if (compiled !== 0) return compiled
    await bundlePageScripts()
    chmodSync(join(next, 'cli.js'), 0o755)
    stampBuild(next)
    rmSync(dist, { recursive: true, force: true })
    renameSync(next, dist)
    return 0
  } finally {
    rmSync(next, { recursive: true, force: true })
  }
}

function compile() {
  const tsc = join(root, 'node_modules', 'typescript', 'bin', 'tsc')
  return runNode([tsc, '-p', 'tsconfig.build.json', '--outDir', next])
}

/** Classic scripts for `<script src>`: one for reading, one for speed. */
async function bundlePageScripts() {
  const shared = {
    entryPoints: [join(root, 'src', 'client', 'hookbox-classic.ts')],
    bundle: true,
    format: 'iife',
    target: 'es2017',
    charset: 'ascii',
    logLevel: 'warning',
  }
  const esbuild = require('esbuild')
  await esbuild.build({ ...shared, outfile: join(next, 'static', 'hookbox.js') })
  await esbuild.build({ ...shared, minify: true, outfile: join(next, 'static', 'hookbox.min.js') })
}
