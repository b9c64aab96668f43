const atOnce = 32

/** A bounded number at a time: who reads or writes all it holds must not do so in one breath. Rejects with a failure. */
export async function inTurns<T>(
  items: readonly T[],
  act: (item: T) => Promise<void>,
): Promise<void> {
  const rest = items.values()
  const run = async () => {
    for (const item of rest) await act(item)
  }
  const runs = await Promise.allSettled(Array.from({ length: atOnce }, run))
  const failed = runs.find((result) => result.status === 'rejected')
  if (failed !== undefined) throw failed.reason
}
