// `npm test`: installs and builds what is missing, runs everything, ends with the runner's own count.
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { ensureBuilt, ensureInstalled } from './ready.mjs'
import { root, runNode } from './run-node.mjs'

await ensureInstalled()
await ensureBuilt()

const folder = mkdtempSync(join(tmpdir(), 'offhook-test-'))
const report = join(folder, 'report.json')
try {
  const code = await runNode([
    join(root, 'node_modules', 'vitest', 'vitest.mjs'),
    'run',
    '--reporter=default',
    '--reporter=json',
    `--outputFile.json=${report}`,
    ...process.argv.slice(2),
  ])
  process.exitCode = conclude(code)
} finally {
  rmSync(folder, { recursive: true, force: true })
}

/** Prints the closing line; answers the exit code: no test run is a failure too. */
function conclude(code) {
  const { passed, failed, skipped } = countTests()
  if (passed + failed === 0) say('no test was run')
  else if (code !== 0 && failed === 0) say('the run itself failed: see above')
  say(`${passed} passed, ${failed} failed${skipped > 0 ? `, ${skipped} skipped` : ''}`)
  return code !== 0 ? code : passed === 0 || failed > 0 ? 1 : 0
}

function countTests() {
  let result
  try {
    result = JSON.parse(readFileSync(report, 'utf8'))
  } catch {
    // The runner did not get as far as its report.
    return { passed: 0, failed: 0, skipped: 0 }
  }
  // A file that could not be loaded has no tests to count, and is a failure all the same.
  const unloaded = result.testResults.filter(
    ({ status, assertionResults }) => status === 'failed' && assertionResults.length === 0,
  )
  return {
    passed: result.numPassedTests,
    failed: result.numFailedTests + unloaded.length,
    skipped: result.numPendingTests + (result.numTodoTests ?? 0),
  }
}

function say(line) {
  process.stdout.write(`${line}\n`)
}
