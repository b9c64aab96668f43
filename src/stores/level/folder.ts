import { chmod, mkdir, readdir, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { isMainThread } from 'node:worker_threads'
import { Failure } from '../../core/errors.ts'

/** Makes the data folder for its owner only (spec/safety.md §8), or tells that an existing one is looser. */
export async function prepareFolder(
  folder: string,
  onProblem: (problem: string) => void,
): Promise<void> {
  // LevelDB makes its files itself, at any time, so the mask stays. Only the main thread may set it.
  if (isMainThread) process.umask(process.umask() | 0o077)
  try {
    await mkdir(folder, { recursive: true, mode: 0o700 })
    const { mode } = await stat(folder)
    if ((mode & 0o077) !== 0)
      onProblem(`the data folder ${folder} is open to other users of this machine: chmod 700 it`)
    for (const file of await readdir(folder, { withFileTypes: true }))
      if (file.isFile()) await chmod(join(folder, file.name), 0o600)
  } catch (error) {
    const text = error instanceof Error ? error.message : String(error)
    throw new Failure('store', `the data folder ${folder} cannot be used: ${text}`, {
      cause: error,
    })
  }
}
