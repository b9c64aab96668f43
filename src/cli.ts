#!/usr/bin/env node
// Nothing newer than old Nodes understand may be imported before the check: they would fail in their own words.
const [major = 0] = process.versions.node.split('.').map(Number)

if (major < 24) {
  process.stderr.write(`offhook needs Node.js 24 or newer; this is ${process.version}\n`)
  process.exitCode = 2
} else {
  const { main } = await import('./cli/main.ts')
  await main(process.argv.slice(2))
}
