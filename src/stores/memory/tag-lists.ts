import type { NamePage } from '../../core/ports.ts'
import { SortedNames } from '../aggregate/sorted-names.ts'
import { type Tag, type TagChanges, type TagFilter, tagName } from '../aggregate/tags.ts'

/** All names of one kind (channels or users), and who bears which tag. */
export class TagLists {
  readonly all = new SortedNames()
  /** Nodes that some user's record names. */
  readonly nodes = new Set<string>()
  private readonly bearers = new Map<string, SortedNames>()
  private readonly values = new Map<string, Map<string, number>>()

  apply(name: string, changes: TagChanges): void {
    for (const tag of changes.removed) this.remove(name, tag)
    for (const tag of changes.added) this.add(name, tag)
  }

  /** Names that bear all the tags. Walks the first filter's bearers, so give the narrowest first. */
  page(query: { after?: string; limit: number }, filters: readonly TagFilter[]): NamePage {
    const [first] = filters
    const source = first === undefined ? this.all : this.bearers.get(tagName(first))
    const names: string[] = []
    for (const name of source?.after(query.after) ?? []) {
      if (!filters.every((filter) => this.matches(name, filter))) continue
      if (names.length === query.limit) return { names, next: names.at(-1) as string }
      names.push(name)
    }
    return { names }
  }

  private matches(name: string, filter: TagFilter): boolean {
    const value = this.values.get(tagName(filter))?.get(name)
    return value !== undefined && (filter.below === undefined || value < filter.below)
  }

  private add(name: string, tag: Tag): void {
    const key = tagName(tag)
    let bearers = this.bearers.get(key)
    if (bearers === undefined) {
      bearers = new SortedNames()
      this.bearers.set(key, bearers)
      this.values.set(key, new Map())
      if (tag.kind === 'node') this.nodes.add(tag.of)
    }
    bearers.add(name)
    this.values.get(key)?.set(name, tag.value)
  }

  private remove(name: string, tag: Tag): void {
    const key = tagName(tag)
    const bearers = this.bearers.get(key)
    bearers?.delete(name)
    this.values.get(key)?.delete(name)
    if (bearers?.size !== 0) return
    this.bearers.delete(key)
    this.values.delete(key)
    if (tag.kind === 'node') this.nodes.delete(tag.of)
  }
}
