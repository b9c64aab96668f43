import { hash } from 'node:crypto'
import { Refusal } from '../../core/errors.ts'
import type { Profile, ProfileAnswer, Telemetry } from '../../core/ports.ts'
import type { Rooms } from '../../rooms/rooms.ts'
import { addressKey } from '../address.ts'
import type { FailedLogins } from '../failed-logins.ts'
import { Turns } from './turns.ts'

/** What logging in stands on. */
export interface TalkLoginsParts {
  readonly rooms: Pick<Rooms, 'authenticate'>
  /** The same that REST counts with. */
  readonly failedLogins: FailedLogins
  readonly telemetry: Telemetry
}

interface Login {
  readonly token: string
  readonly digest: string
  readonly address: string
}

const maxKnown = 10_000
/** Attack: guesses in one burst, of which none has been counted before all are asked. Others may share the address. */
const maxNewAtOnce = 100
const grammar = /^[!-~]{1,4096}$/

/**
 * Who is behind a user's token (spec/hipochat.md §1), for WebSockets and HTTP. Each token that the app refuses counts
 * as a failed login of its address.
 *
 * Whether a token is right, only the app can tell: so an address that has used up its minute is served the tokens that
 * the app has accepted before, and no others. Guesses then cost the app nothing, and whoever is logged in behind the
 * same address stays so; only a token that was never seen here waits for the next minute.
 */
export class TalkLogins {
  readonly #parts: TalkLoginsParts
  /** Digests of accepted tokens, the one longest unused first. */
  readonly #known = new Set<string>()
  /** Of each address, for tokens that are not known. */
  readonly #turns = new Turns(maxNewAtOnce)

  constructor(parts: TalkLoginsParts) {
    this.#parts = parts
  }

  /** Throws Refusal `authentication_error`, also where the app gave no usable answer; `too_many_logins`. */
  async authenticate(token: string | undefined, address: string): Promise<Profile> {
    if (token === undefined || token === '') throw new Refusal('authentication_error')
    const digest = hash('sha256', token, 'base64')
    const ask = () => this.#ask({ token, digest, address })
    return this.#known.has(digest) ? ask() : this.#turns.run(addressKey(address), ask)
  }

  async #ask({ token, digest, address }: Login): Promise<Profile> {
    if (!this.#known.has(digest) && this.#parts.failedLogins.isSpent(address)) throw this.#tooMany()
    const answer = await this.profile(token)
    if (answer.outcome !== 'refused') this.#remember(digest, answer)
    else {
      this.#known.delete(digest)
      this.#parts.failedLogins.count(address)
    }
    if (answer.outcome !== 'known') throw new Refusal('authentication_error')
    return answer.profile
  }

  /** As the app says, whoever asks: for tokens that the app itself sends. */
  async profile(token: string): Promise<ProfileAnswer> {
    return grammar.test(token) ? this.#parts.rooms.authenticate(token) : { outcome: 'refused' }
  }

  /** Counts a wrong API token. Returns what to say of it. */
  failed(address: string): Refusal {
    return this.#parts.failedLogins.count(address) ? new Refusal('invalid_token') : this.#tooMany()
  }

  /** An address has used up its minute. */
  #tooMany(): Refusal {
    this.#parts.telemetry.limit('max-failed-logins')
    return new Refusal('too_many_logins')
  }

  #remember(digest: string, { outcome }: ProfileAnswer): void {
    if (outcome !== 'known') return
    this.#known.delete(digest)
    this.#known.add(digest)
    if (this.#known.size <= maxKnown) return
    for (const oldest of this.#known) {
      this.#known.delete(oldest)
      return
    }
  }
}
