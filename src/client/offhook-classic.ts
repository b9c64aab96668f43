import { connect, OffhookError } from './index.ts'

/** The SDK as a classic script, /static/offhook.js: defines the global `offhook`, in pages and workers. */
Object.assign(globalThis, { offhook: { connect, OffhookError } })
