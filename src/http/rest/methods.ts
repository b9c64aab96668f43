import { Refusal } from '../../core/errors.ts'
import type { RestMethod } from './call.ts'
import { channelMethods } from './channel-methods.ts'
import { noticeMethods } from './notice-methods.ts'
import { publishMethods } from './publish-methods.ts'
import { roomMethods } from './room-methods.ts'
import { serverMethods } from './server-methods.ts'
import { userMethods } from './user-methods.ts'

const methods: ReadonlyMap<string, RestMethod> = new Map(
  Object.entries({
    ...publishMethods,
    ...channelMethods,
    ...userMethods,
    ...roomMethods,
    ...serverMethods,
    ...noticeMethods,
  }),
)

/** The method of that name (spec/hookbox.md §6). Throws Refusal `method_missing`. */
export function methodNamed(name: string): RestMethod {
  const method = methods.get(name)
  if (method === undefined) throw new Refusal('method_missing')
  return method
}

/** Names of all methods. */
export const methodNames: readonly string[] = [...methods.keys()]
