/** What the process ends with. */
export const exitCodes = { ok: 0, failure: 1, configuration: 2 } as const
