import { expect, it } from 'vitest'
import { createManualClock } from '../../../test/helpers/manual-clock.ts'
import type { ProfileAnswer } from '../../core/ports.ts'
import { FailedLogins } from '../failed-logins.ts'
import { TalkLogins } from './logins.ts'

const telemetry = { failure: () => {}, limit: () => {}, event: () => {} }
const known: ProfileAnswer = {
  outcome: 'known',
  profile: { user: 'ann', name: 'ann', info: '{}' },
}

function createLogins(answer: (token: string) => ProfileAnswer) {
  const asked: string[] = []
  const authenticate = async (token: string) => {
    asked.push(token)
    await new Promise((resolve) => setImmediate(resolve))
    return answer(token)
  }
  const failedLogins = new FailedLogins(20, createManualClock())
  const logins = new TalkLogins({ rooms: { authenticate }, failedLogins, telemetry })
  return { asked, logins }
}

const tokens = (name: string) => Array.from({ length: 1000 }, (_, index) => `${name}${index}`)

it('asks the app about few of the tokens that an address guesses in one burst', async () => {
  const { asked, logins } = createLogins(() => ({ outcome: 'refused' }))
  const results = await Promise.allSettled(
    tokens('guess').map((token) => logins.authenticate(token, '192.0.2.1')),
  )
  const reasons = results.map((result) => result.status === 'rejected' && result.reason.code)
  expect(asked.length).toBeLessThan(150)
  expect(reasons.filter((code) => code === 'authentication_error')).toHaveLength(asked.length)
  expect(reasons.filter((code) => code === 'too_many_logins')).toHaveLength(1000 - asked.length)
})

it('lets in a thousand at once behind one address, and meanwhile those of others', async () => {
  const { asked, logins } = createLogins(() => known)
  const office = tokens('ann').map((token) => logins.authenticate(token, '192.0.2.1'))
  await logins.authenticate('other', '192.0.2.2')
  expect(asked.length).toBeLessThan(202)
  expect(await Promise.all(office)).toHaveLength(1000)
})
