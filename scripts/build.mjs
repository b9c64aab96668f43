// `npm run build`: the server by tsc, then the page scripts by esbuild. `--if-stale`: only if a source has changed.
import { chmodSync, cpSync, renameSync, rmSync } from 'node:fs'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import { isBuilt, stampBuild } from './ready.mjs'
import { root, runNode } from './run-node.mjs'

const require = createRequire(import.meta.url)
const dist = join(root, 'dist')
// Whoever runs the last build meanwhile never finds half of a new one.
const next = join(root, `.build-${process.pid}`)
const bundling = { bundle: true, logLevel: 'warning' }

if (!(process.argv.includes('--if-stale') && isBuilt())) process.exitCode = await build()

async function build() {
  try {
    const compiled = await compile()
    if (compiled !== 0) return compiled
    const declared = await declareClient()
    if (declared !== 0) return declared
    await bundlePageScripts()
    await bundleTalkPage()
    await bundleClient()
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

/** Types of what runs in browsers; what it runs is bundled. */
function declareClient() {
  const tsc = join(root, 'node_modules', 'typescript', 'bin', 'tsc')
  return runNode([tsc, '-p', 'tsconfig.client-build.json', '--outDir', next])
}

/** Classic scripts for `<script src>`: one for reading, one for speed. */
async function bundlePageScripts() {
  await bundlePageScript('hookbox', { folder: 'client', target: 'es2017' })
  await bundlePageScript('offhook', { folder: 'client', target: 'es2022' })
  await bundlePageScript('offhook-rooms', { folder: 'client/rooms', target: 'es2022' })
}

async function bundlePageScript(name, { folder, target }) {
  const shared = {
    ...bundling,
    target,
    entryPoints: [join(root, 'src', folder, `${name}-classic.ts`)],
    format: 'iife',
    charset: 'ascii',
  }
  const esbuild = require('esbuild')
  await esbuild.build({ ...shared, outfile: join(next, 'static', `${name}.js`) })
  await esbuild.build({ ...shared, minify: true, outfile: join(next, 'static', `${name}.min.js`) })
}

/** Script and style of the test page of talk. */
async function bundleTalkPage() {
  const folder = join(root, 'src', 'client', 'talk')
  await require('esbuild').build({
    ...bundling,
    entryPoints: { talk: join(folder, 'page.ts') },
    outdir: join(next, 'static'),
    target: 'es2022',
    format: 'iife',
    charset: 'ascii',
  })
  cpSync(join(folder, 'page.css'), join(next, 'static', 'talk.css'))
}

/** `offhook/client` and `offhook/react`, with what both need in one place: there is one class OffhookError. */
async function bundleClient() {
  await require('esbuild').build({
    ...bundling,
    entryPoints: ['client', 'client/react'].map((folder) => join(root, 'src', folder, 'index.ts')),
    outbase: join(root, 'src'),
    outdir: next,
    chunkNames: 'client/shared-[hash]',
    target: 'es2022',
    format: 'esm',
    splitting: true,
    external: ['react'],
  })
}
