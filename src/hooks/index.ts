export { type AppParts, createApp, type HttpApp } from './app.ts'
export { createDevApp } from './dev-app.ts'
export type { RawAnswer } from './exchange.ts'
export { BadAnswer } from './hook-failure.ts'
export { type HookFacts, hookForm, hookNames, isHookName } from './hook-form.ts'
export type { HookRequest } from './hook-request.ts'
export { type HookName, hookUrl } from './hook-url.ts'
export { bareHost, isLoopbackHost } from './host.ts'
export {
  type NoticeContext,
  type OutboxParts,
  type OutboxWorker,
  startOutboxWorker,
} from './outbox-worker.ts'
export type { ProbeResult } from './probe.ts'
export { createScrub, type Scrub } from './scrub.ts'
export type { HookSettings, WebSettings } from './settings.ts'
export { signWebhook } from './signature.ts'
export { refusedConnectHint } from './verdict.ts'
export { createWeb, type HttpWeb } from './web.ts'
