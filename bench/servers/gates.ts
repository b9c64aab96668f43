import { ClassicLevel } from 'classic-level'
import { Pool } from 'undici'

/** What a publish of the control waits for before it is told and acknowledged. */
export type Gate = (channel: string, payload: unknown) => Promise<void>

/** Asks the app, as a plain server would: one form per publish over kept links. */
export function hookGate(url: string, links: number): Gate {
  const { origin, pathname } = new URL(url)
  const pool = new Pool(origin, { connections: links })
  const headers = { 'content-type': 'application/x-www-form-urlencoded' }
  return async (channel, payload) => {
    const form = new URLSearchParams({
      action: 'publish',
      channel_name: channel,
      payload: JSON.stringify(payload),
    })
    const body = form.toString()
    const answer = await pool.request({ method: 'POST', path: pathname, headers, body })
    const verdict = (await answer.body.json()) as [boolean, object]
    if (answer.statusCode !== 200 || verdict[0] !== true) throw new Error('the app refused')
  }
}

interface Waiting {
  readonly value: string
  readonly done: () => void
  readonly failed: (error: unknown) => void
}

/** Writes each publish into a LevelDB with fsync: what comes while one batch is written makes the next one. */
export async function levelGate(folder: string): Promise<Gate> {
  const database = new ClassicLevel(folder)
  await database.open()
  let waiting: Waiting[] = []
  let isWriting = false
  let written = 0

  async function writeAll(): Promise<void> {
    isWriting = true
    while (waiting.length > 0) {
      const batch = waiting
      waiting = []
      try {
        const puts = batch.map(({ value }) => {
          written += 1
          return { type: 'put', key: String(written).padStart(16, '0'), value } as const
        })
        await database.batch(puts, { sync: true })
        for (const { done } of batch) done()
      } catch (error) {
        for (const { failed } of batch) failed(error)
      }
    }
    isWriting = false
  }

  return (channel, payload) =>
    new Promise((done, failed) => {
      waiting.push({ value: JSON.stringify({ channel, payload }), done, failed })
      if (!isWriting) void writeAll()
    })
}
