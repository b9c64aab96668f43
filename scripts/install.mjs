// Installs what the lock file says, if it is not there.
import { ensureInstalled } from './ready.mjs'

await ensureInstalled()
