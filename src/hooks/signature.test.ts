import { expect, it } from 'vitest'
import { signWebhook } from './signature.ts'

const vector = {
  id: 'msg_p5jXN8AQM9LWM0D4loKWxJek',
  timestamp: 1_614_265_330,
  body: '{"test": 2432232314}',
}

it('signs the test vector of Standard Webhooks', () => {
  expect(signWebhook(['whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw'], vector)).toBe(
    'v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=',
  )
})

it('gives one signature per secret, separated by a space', () => {
  const old = signWebhook(['whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw'], vector)
  const both = signWebhook(['MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw', 'whsec_AAAA'], vector)
  expect(both.split(' ')).toHaveLength(2)
  expect(both.split(' ')[0]).toBe(old)
})
