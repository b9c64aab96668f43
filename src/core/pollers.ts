import type { ChannelPatch } from './channel-options.ts'
import type { Core } from './core.ts'
import { Refusal } from './errors.ts'
import type { ChannelOptions } from './options.ts'
import { pollOnce } from './polling.ts'

const leaseMs = 30_000
const maxBackoffMs = 300_000

/** A channel that this node polls. */
interface Poller {
  cancel: () => void
  failures: number
  intervalMs: number
}

/**
 * Runs the polling of channels: one node each, by lease, one timer each while it runs (spec/hookbox.md §3, Polling).
 */
export class Pollers {
  readonly #core: Core
  readonly #running = new Map<string, Poller>()

  constructor(core: Core) {
    this.#core = core
  }

  /** Refuses polling options that may not be. Throws Refusal. */
  async check(channel: string, patch: ChannelPatch): Promise<void> {
    const { polling } = patch
    if (polling === undefined) return
    if (polling.url !== undefined && polling.url !== '') await this.#checkUrl(polling.url)
    if (polling.mode === undefined || polling.mode === '') return
    const { maxPollingChannels } = this.#core.settings
    const page = await this.#core.stores.channels.list({
      polling: true,
      limit: maxPollingChannels,
    })
    if (page.names.length >= maxPollingChannels && !page.names.includes(channel)) {
      throw new Refusal('too_many_polling_channels')
    }
  }

  /** Starts or stops the polling of a channel as its options say. */
  configure(channel: string, options: ChannelOptions): void {
    this.stop(channel)
    if (options.polling.mode === '') return
    const intervalMs = options.polling.interval * 1000
    const poller = { cancel: () => {}, failures: 0, intervalMs }
    this.#running.set(channel, poller)
    this.#schedule(channel, poller)
  }

  /** Takes over channels that no node polls. */
  async takeOver(): Promise<void> {
    const page = await this.#core.stores.channels.list({
      polling: true,
      limit: this.#core.settings.maxPollingChannels,
    })
    for (const name of page.names) {
      if (this.#running.has(name)) continue
      const channel = await this.#core.hub.channel(name)
      const owner = await this.#core.stores.leases.holder(leaseOf(name))
      if (channel === undefined || (owner !== undefined && owner !== this.#core.nodeId)) continue
      this.configure(name, channel.options)
    }
  }

  stop(channel: string): void {
    const poller = this.#running.get(channel)
    if (poller === undefined) return
    poller.cancel()
    this.#running.delete(channel)
    const { stores, nodeId } = this.#core
    this.#core.background('polling', stores.leases.release(leaseOf(channel), nodeId))
  }

  stopAll(): void {
    for (const channel of [...this.#running.keys()]) this.stop(channel)
  }

  async #checkUrl(url: string): Promise<void> {
    try {
      await this.#core.web.check(url)
    } catch (error) {
      const reason = error instanceof Error ? error.message : 'not allowed'
      throw new Refusal('invalid_option', `Invalid value for option polling: url ${reason}`, {
        cause: error,
      })
    }
  }

  #schedule(channel: string, poller: Poller): void {
    const { intervalMs } = poller
    const waitMs = Math.min(intervalMs * 2 ** poller.failures, Math.max(maxBackoffMs, intervalMs))
    poller.cancel = this.#core.clock.after(waitMs, () => {
      this.#core.background('polling', this.#turn(channel, poller))
    })
  }

  async #turn(name: string, poller: Poller): Promise<void> {
    try {
      await this.#poll(name, poller)
    } catch (error) {
      this.#core.telemetry.failure('polling', error, { channel: name })
      if (this.#running.get(name) !== poller) return
      poller.failures += 1
      this.#schedule(name, poller)
    }
  }

  async #poll(name: string, poller: Poller): Promise<void> {
    const { hub, stores, nodeId } = this.#core
    const channel = await hub.channel(name)
    if (this.#running.get(name) !== poller) return
    if (channel === undefined || channel.options.polling.mode === '') {
      this.stop(name)
      return
    }
    const { options } = channel
    const leaseFor = Math.max(leaseMs, 3 * options.polling.interval * 1000)
    if (!(await stores.leases.acquire(leaseOf(name), nodeId, leaseFor))) {
      // Another node polls this channel; takeOver looks again when its lease has run out.
      this.stop(name)
      return
    }
    const outcome = await this.#attempt(name, options)
    if (this.#running.get(name) !== poller) return
    poller.failures = outcome === 'failed' ? poller.failures + 1 : 0
    poller.intervalMs = options.polling.interval * 1000
    this.#schedule(name, poller)
  }

  async #attempt(name: string, options: ChannelOptions): Promise<'done' | 'failed'> {
    try {
      await pollOnce(this.#core, name, options.polling)
      return 'done'
    } catch (error) {
      this.#core.telemetry.failure('polling', error, { channel: name })
      return 'failed'
    }
  }
}

function leaseOf(channel: string): string {
  return `polling:${channel}`
}
