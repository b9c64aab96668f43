import type {
  Changed,
  NamePage,
  Notice,
  UserCommit,
  UserCommitResult,
  UserListQuery,
  UserRecord,
  UserStore,
} from '../../core/ports.ts'
import { ChangeLog } from '../aggregate/change-log.ts'
import { commitUser } from '../aggregate/commit-user.ts'
import { tagChanges, userFilters, userTags } from '../aggregate/tags.ts'
import { TagLists } from './tag-lists.ts'

/** Users in memory. Records are replaced, never changed, so they may be handed out. */
export class MemoryUsers implements UserStore {
  private readonly records = new Map<string, UserRecord>()
  private readonly lists = new TagLists()
  private readonly log = new ChangeLog<number>()
  private readonly addNotice: (notice: Notice) => void
  /** The greatest version that a deleted record had. */
  private floor = 0

  constructor(addNotice: (notice: Notice) => void) {
    this.addNotice = addNotice
  }

  async commit(user: string, commit: UserCommit): Promise<UserCommitResult> {
    const held = this.records.get(user)
    const { result, changed } = commitUser({ user, held, floor: this.floor }, commit)
    if (changed === undefined || result.outcome !== 'committed') return result
    this.lists.apply(user, tagChanges(userTags(held), userTags(changed.record)))
    if (changed.record === undefined) {
      this.floor = Math.max(this.floor, result.record.version)
      this.records.delete(user)
      this.lists.all.delete(user)
    } else {
      this.records.set(user, changed.record)
      this.lists.all.add(user)
    }
    for (const notice of changed.notices) this.addNotice(notice)
    this.log.mark(user, result.record.version)
    return result
  }

  async snapshot(user: string): Promise<UserRecord | undefined> {
    return this.records.get(user)
  }

  async list(query: UserListQuery): Promise<NamePage> {
    return this.lists.page(query, userFilters(query))
  }

  async nodes(): Promise<readonly string[]> {
    return [...this.lists.nodes]
  }

  async changed(cursor: string | undefined): Promise<Changed<number>> {
    return this.log.changed(cursor)
  }
}
