// The server as a few files: with its libraries inside it starts in half the time (docs/decisions/010-bundled-server.md).
import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import { root } from './run-node.mjs'

const require = createRequire(import.meta.url)

/** Libraries of CommonJS ask for Node's modules by `require`, which modules do not have. */
const requireLine = `import { createRequire as createRequireHere } from 'node:module'; const require = createRequireHere(import.meta.url);`

/**
 * An `import` of node:http reads all that it exports, and one of them loads Node's own fetch: a tenth of the whole start.
 */
const quietHttp = {
  name: 'quiet-http',
  setup(build) {
    build.onResolve({ filter: /^node:http$/ }, ({ path }) => ({ path, namespace: 'quiet-http' }))
    build.onLoad({ filter: /.*/, namespace: 'quiet-http' }, () => ({
      contents: `module.exports = process.getBuiltinModule('node:http')`,
    }))
  },
}

/** Bundles the command and the API into `folder`, with everything that is no dependency of the package. */
export async function bundleServer(folder) {
  const { dependencies } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'))
  const { metafile } = await require('esbuild').build({
    absWorkingDir: root,
    entryPoints: ['src/cli.ts', 'src/index.ts'],
    outbase: 'src',
    outdir: folder,
    chunkNames: 'server/[name]-[hash]',
    bundle: true,
    splitting: true,
    platform: 'node',
    target: 'node24',
    format: 'esm',
    charset: 'ascii',
    sourcemap: true,
    sourcesContent: false,
    legalComments: 'none',
    banner: { js: requireLine },
    external: Object.keys(dependencies),
    plugins: [quietHttp],
    metafile: true,
    logLevel: 'warning',
  })
  for (const path of Object.keys(metafile.outputs))
    if (path.endsWith('.js')) toAscii(join(root, path))
  writeFileSync(join(folder, 'LICENSES.txt'), licencesOf(Object.keys(metafile.inputs)))
}

const comment = /^\s*(?:\/\/|\/?\*)/
const notAscii = /[^\0-\x7f]/g

/**
 * V8 keeps a source with a single other character in twice the memory. What esbuild leaves are comments; in code an
 * escape might mean something else (`String.raw`), so that it must be looked at.
 */
function toAscii(path) {
  const source = readFileSync(path, 'utf8')
  const lines = source.split('\n').map((line) => {
    if (line.search(notAscii) === -1) return line
    const [code, said = ''] = comment.test(line) ? ['', line] : splitAtComment(line)
    if (code.search(notAscii) !== -1) throw new Error(`${path} is not ASCII: ${line.trim()}`)
    return (
      code + said.replace(notAscii, (c) => `\\u${c.charCodeAt(0).toString(16).padStart(4, '0')}`)
    )
  })
  const ascii = lines.join('\n')
  if (ascii !== source) writeFileSync(path, ascii)
}

function splitAtComment(line) {
  const start = line.lastIndexOf('//')
  return start === -1 ? [line] : [line.slice(0, start), line.slice(start)]
}

/** The licences of the libraries inside: they ask to be handed on. */
function licencesOf(inputs) {
  const folders = inputs.map((path) => /^(.*node_modules\/(?:@[^/]+\/)?[^/]+)\//.exec(path)?.[1])
  return [...new Set(folders.filter((path) => path !== undefined))].sort().map(licenceOf).join('\n')
}

function licenceOf(path) {
  const folder = join(root, path)
  const { name, version, license } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'))
  const file = readdirSync(folder).find((entry) => /^(licen[cs]e|copying)/i.test(entry))
  const text = file === undefined ? '' : readFileSync(join(folder, file), 'utf8').trim()
  return `${name} ${version} (${license})\n\n${text}\n`
}
