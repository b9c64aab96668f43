import { Refusal } from '../../core/errors.ts'
import { utf8Length } from '../../core/json.ts'
import type { ChannelChange, ChannelCommitted, StatePairs } from '../../core/ports.ts'
import type { ChannelDraft } from './channel-draft.ts'

type StateChange = Extract<ChannelChange, { change: 'state' }>

/** Sets and deletes keys; where a patch names a key in both, the value wins. Throws Refusal `state_too_large`. */
export function changeState(draft: ChannelDraft, change: StateChange): void {
  const before = { bytes: draft.stateBytes, keys: draft.stateKeys }
  const deletes = change.mode === 'patch' ? change.deletes : keysMissing(draft, change.updates)
  for (const key of deletes) putState(draft, key, undefined)
  for (const [key, json] of change.updates) putState(draft, key, json)
  const { bytes, keys } = change.limits
  // A state that is over a limit lowered meanwhile may still shrink.
  const grewTooLarge = draft.stateBytes > bytes && draft.stateBytes > before.bytes
  const grewTooLong = draft.stateKeys > keys && draft.stateKeys > before.keys
  if (grewTooLarge || grewTooLong) throw new Refusal('state_too_large')
}

/** Sets or deletes one key, keeping count of keys and bytes. */
export function putState(draft: ChannelDraft, key: string, json: string | undefined): void {
  const held = draft.stateOf(key)
  if (held === json) return
  if (held !== undefined) {
    draft.stateBytes -= utf8Length(key) + utf8Length(held)
    draft.stateKeys -= 1
  }
  if (json !== undefined) {
    draft.stateBytes += utf8Length(key) + utf8Length(json)
    draft.stateKeys += 1
  }
  draft.setState(key, json)
}

function keysMissing(draft: ChannelDraft, updates: StatePairs): string[] {
  const wanted = new Set(updates.map(([key]) => key))
  const held = new Set([...draft.base.state.keys(), ...(draft.state?.keys() ?? [])])
  return [...held].filter((key) => !wanted.has(key))
}

/** What really differs from before the commit, or undefined. */
export function stateDifference(draft: ChannelDraft): ChannelCommitted['state'] {
  if (draft.state === undefined) return undefined
  const updates: [string, string][] = []
  const deletes: string[] = []
  for (const [key, json] of draft.state) {
    if (json === draft.base.state.get(key)) continue
    if (json === undefined) deletes.push(key)
    else updates.push([key, json])
  }
  return updates.length + deletes.length === 0 ? undefined : { updates, deletes }
}
