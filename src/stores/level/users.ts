import type {
  Changed,
  NamePage,
  UserCommit,
  UserCommitResult,
  UserListQuery,
  UserRecord,
  UserStore,
} from '../../core/ports.ts'
import { ChangeLog } from '../aggregate/change-log.ts'
import { commitUser } from '../aggregate/commit-user.ts'
import { tagChanges, userFilters, userTags } from '../aggregate/tags.ts'
import type { Engine, EnginePart, Group } from './engine.ts'
import { keys } from './keys.ts'
import type { LevelOutbox } from './outbox.ts'
import { decodeRecord, encodeRecord } from './records.ts'
import { type Slot, Slots } from './slots.ts'
import { listNames, listTagged, writeTags } from './tag-index.ts'

interface UserSlot extends Slot {
  record: UserRecord | undefined
}

/** What the users stand on. */
export interface LevelUsersParts {
  readonly engine: Engine
  readonly outbox: LevelOutbox
  readonly cache: { readonly entries: number; readonly weight: number }
}

/** Users on disk, with those in use in memory. Commits are evaluated in the order of the calls. */
export class LevelUsers implements UserStore, EnginePart {
  private readonly parts: LevelUsersParts
  private readonly slots: Slots<UserSlot>
  private readonly log = new ChangeLog<number>()
  /** The greatest version that a deleted record had. */
  private floor = 0

  constructor(parts: LevelUsersParts) {
    this.parts = parts
    const { engine } = parts
    this.slots = new Slots<UserSlot>({
      engine,
      limits: parts.cache,
      weigh: weighUser,
      make: (name) => makeSlot(name, engine.generation),
      load: async (slot) => {
        const text = await engine.database.get(keys.user(slot.name))
        if (text !== undefined) slot.record = decodeUser(text)
        this.slots.grew(weighUser(slot))
      },
    })
  }

  async commit(user: string, commit: UserCommit): Promise<UserCommitResult> {
    const slot = this.slots.hot(user)
    const { result, group } =
      slot === undefined
        ? await this.slots.run(user, (loaded) => this.evaluate(loaded, commit))
        : this.evaluate(slot, commit)
    if (group?.settled === false) await group.done
    return result
  }

  async snapshot(user: string): Promise<UserRecord | undefined> {
    const cut = ({ record, group }: UserSlot) => ({ record, group })
    const slot = this.slots.hot(user)
    const { record, group } = slot === undefined ? await this.slots.run(user, cut) : cut(slot)
    if (group?.settled === false) await group.done
    return record
  }

  async list(query: UserListQuery): Promise<NamePage> {
    const { engine } = this.parts
    const { after, limit } = query
    const filters = userFilters(query)
    return engine.use(() => listNames(engine.database, { all: 'u!', after, limit, filters }))
  }

  async nodes(): Promise<readonly string[]> {
    const { engine } = this.parts
    return engine.use(() => listTagged(engine.database, 'node'))
  }

  async changed(cursor: string | undefined): Promise<Changed<number>> {
    return this.log.changed(cursor)
  }

  forget(): void {
    this.slots.clear()
  }

  async reload(): Promise<void> {
    const text = await this.parts.engine.database.get(keys.userCounters)
    this.floor = text === undefined ? 0 : (decodeRecord(text) as { floor: number }).floor
  }

  private evaluate(
    slot: UserSlot,
    commit: UserCommit,
  ): { result: UserCommitResult; group: Group | undefined } {
    const target = { user: slot.name, held: slot.record, floor: this.floor }
    const { result, changed } = commitUser(target, commit)
    if (changed === undefined || result.outcome !== 'committed')
      return { result, group: slot.group }
    const group = this.parts.engine.writing()
    writeTags(group, slot.name, tagChanges(userTags(slot.record), userTags(changed.record)))
    if (changed.record === undefined) this.end(slot, group, result.record)
    else group.put(keys.user(slot.name), encodeRecord({ record: changed.record }))
    for (const notice of changed.notices) this.parts.outbox.add(group, notice)
    const before = weighUser(slot)
    slot.record = changed.record
    slot.group = group
    this.slots.grew(weighUser(slot) - before)
    this.log.mark(slot.name, result.record.version)
    return { result, group }
  }

  private end(slot: UserSlot, group: Group, record: UserRecord): void {
    this.floor = Math.max(this.floor, record.version)
    group.del(keys.user(slot.name))
    group.put(keys.userCounters, encodeRecord({ floor: this.floor }))
  }
}

function makeSlot(name: string, generation: number): UserSlot {
  return { name, generation, loaded: false, queue: undefined, group: undefined, record: undefined }
}

function decodeUser(text: string): UserRecord {
  return (decodeRecord(text) as { record: UserRecord }).record
}

/** About how many bytes a slot holds. */
function weighUser({ record }: UserSlot): number {
  if (record === undefined) return 500
  const { connections, subscriptions, intents } = record
  return 1000 + 200 * (connections.length + intents.length) + 300 * subscriptions.length
}
