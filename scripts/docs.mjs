// `npm run docs`: writes the reference pages that derive from the configuration's schema. Needs Node 24.
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { configurationPage, limitsPage } from '../src/config/reference.ts'
import { root } from './run-node.mjs'

const folder = join(root, 'docs', 'reference')
mkdirSync(folder, { recursive: true })
writeFileSync(join(folder, 'configuration.md'), configurationPage())
writeFileSync(join(folder, 'limits.md'), limitsPage())
