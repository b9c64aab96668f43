import { connect, OffhookError } from '../index.ts'
import { roomsOf } from './index.ts'

/** The SDK with rooms as one classic script, /static/offhook-rooms.js: defines the global `offhook`. */
Object.assign(globalThis, { offhook: { connect, OffhookError, roomsOf } })
