import type { Member, MemberPage, MemberQuery } from '../../core/ports.ts'
import type { ChannelSlot } from './channel-slot.ts'
import type { Database, KeyRange } from './database.ts'
import type { Engine, Group } from './engine.ts'
import { logKeys, nameOfKey, under } from './keys.ts'
import { decodeMember, membersInMemory } from './member-cache.ts'
import type { Slots } from './slots.ts'

/** What a read begins with; nothing of it may be shown before `group` is on disk. */
interface Cut extends ReturnType<typeof membersInMemory> {
  readonly log: string
  readonly group: Group | undefined
  readonly isRoom: boolean
}

/**
 * Reads of members. A read waits until all that was committed before it is on disk; so the disk is never behind, and
 * may be ahead.
 */
export class MemberReader {
  private readonly engine: Engine
  private readonly slots: Slots<ChannelSlot>

  constructor(engine: Engine, slots: Slots<ChannelSlot>) {
    this.engine = engine
    this.slots = slots
  }

  async members(channel: string, query: MemberQuery): Promise<MemberPage> {
    const users = [...new Set(query.users)]
    const take = (slot: ChannelSlot): Cut => ({
      ...membersInMemory(slot, users),
      log: slot.log,
      group: slot.group,
      isRoom: slot.channel?.room !== undefined,
    })
    const slot = this.slots.hot(channel)
    const cut = slot === undefined ? await this.slots.run(channel, take) : take(slot)
    if (cut.group?.settled === false) await cut.group.done
    if (!cut.isRoom) return { members: [] }
    return this.engine.use(() => {
      const { database } = this.engine
      return query.users === undefined
        ? readPage(database, cut.log, query)
        : readNamed(database, cut, users)
    })
  }
}

async function readNamed(
  database: Database,
  { log, members, unknown }: Cut,
  users: readonly string[],
): Promise<MemberPage> {
  if (unknown.length > 0) {
    const texts = await database.getMany(unknown.map((user) => logKeys.member(log, user)))
    for (const [index, user] of unknown.entries()) {
      const text = texts[index]
      if (text !== undefined) members.set(user, decodeMember(user, text))
    }
  }
  return {
    members: users.map((user) => members.get(user)).filter((member) => member !== undefined),
  }
}

async function readPage(
  database: Database,
  log: string,
  { after, limit }: MemberQuery,
): Promise<MemberPage> {
  const all = under(logKeys.members(log))
  const range: KeyRange = after === undefined ? all : { gt: logKeys.member(log, after), lt: all.lt }
  const rows = await database.read({ ...range, limit: limit + 1 })
  const members: Member[] = rows
    .slice(0, limit)
    .map(([key, value]) => decodeMember(nameOfKey(key), value))
  const next = members.at(-1)?.user
  return rows.length > limit && next !== undefined ? { members, next } : { members }
}
