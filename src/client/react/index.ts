export { OffhookProvider, type OffhookProviderProps, useOffhook } from './provider.ts'
export type { ChannelSnapshot } from './shared-channel.ts'
export { type ChannelOptions, type ChannelResult, useChannel } from './use-channel.ts'
export { useConnectionState } from './use-connection-state.ts'
