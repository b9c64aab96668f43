import { expect, test } from 'vitest'
import { isSigned } from './signature.ts'

// The test vector of the Standard Webhooks specification.
const secret = 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw'
const body = '{"test": 2432232314}'
const headers = {
  'webhook-id': 'msg_p5jXN8AQM9LWM0D4loKWxJek',
  'webhook-timestamp': '1614265330',
  'webhook-signature': 'v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=',
}
const then = 1614265330_000

test('a request signed with the secret is taken', () => {
  expect(isSigned({ headers, body }, secret, then + 299_000)).toBe(true)
})

test('one of several signatures is enough while secrets are exchanged', () => {
  const both = `v1,AAAA ${headers['webhook-signature']}`
  expect(isSigned({ headers: { ...headers, 'webhook-signature': both }, body }, secret, then)).toBe(
    true,
  )
})

test.each([
  ['another body', { headers, body: '{"test": 1}' }, then],
  ['another id', { headers: { ...headers, 'webhook-id': 'msg_x' }, body }, then],
  ['no signature', { headers: { ...headers, 'webhook-signature': undefined }, body }, then],
  ['a time that is no number', { headers: { ...headers, 'webhook-timestamp': 'x' }, body }, then],
  ['an old request', { headers, body }, then + 301_000],
  ['a request from the future', { headers, body }, then - 301_000],
])('%s is not', (_, request, now) => {
  expect(isSigned(request, secret, now)).toBe(false)
})
