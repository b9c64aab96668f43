import type { ResolvedSource } from './resolve-source.ts'
import { type Settings, settings } from './schema.ts'
import { defaultValue } from './setting.ts'

/** Every setting from the first source that has it, else its default. */
export function mergeValues(
  inOrder: readonly ResolvedSource[],
  defaults: Partial<Settings>,
): Settings {
  const merged = [...settings].map(([key, setting]) => {
    const first = inOrder.find(({ values }) => values.has(key))
    return [key, first?.values.get(key)?.value ?? defaults[key] ?? defaultValue(setting)]
  })
  return Object.fromEntries(merged) as Settings
}
