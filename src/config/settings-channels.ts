import type { SettingTable } from './setting.ts'

/** How channels behave where the app's answers leave it open. */
export const channelSettings = {
  channelLingerMs: {
    kind: 'seconds',
    flag: 'channel-linger',
    default: 0,
    min: 0,
    max: 86_400,
    doc: 'How long an empty channel waits before destroy_channel is asked, so that a page reload finds it as it was.',
  },
  abandonedChannelMs: {
    kind: 'seconds',
    flag: 'abandoned-channel-after',
    default: 60,
    min: 0,
    max: 86_400,
    doc: 'How long a stored channel waits for its subscribers after a restart before it counts as left.',
  },
  presenceInPublish: {
    kind: 'integer',
    flag: 'presence-in-publish',
    default: 50,
    min: 0,
    max: 10_000,
    doc: 'Up to how many subscribers PUBLISH frames of presenceful channels list them; 0 = never.',
  },
  autoSubscribeAsks: {
    kind: 'switch',
    flag: 'auto-subscribe-asks',
    default: false,
    doc: 'Ask the subscribe and unsubscribe hooks for auto_subscribe and auto_unsubscribe lists too.',
  },
} as const satisfies SettingTable
