// `npm run bench`: installs and builds what is missing, then measures; see docs/benchmarks.md.
import { join } from 'node:path'
import { ensureBuilt, ensureInstalled } from './ready.mjs'
import { root, runNode } from './run-node.mjs'

await ensureInstalled()
await ensureInstalled(join(root, 'bench'))
await ensureBuilt()
process.exitCode = await runNode([join(root, 'bench', 'main.ts'), ...process.argv.slice(2)])
