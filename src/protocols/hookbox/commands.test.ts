import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { Received } from '../../core/protocol.ts'
import { hookboxProtocol } from './protocol.ts'

function receive(text: string): readonly Received[] {
  return hookboxProtocol.open({ maxFrameBytes: 65_536 }).receive(text)
}

/** What one frame, given as JSON text, is decoded to. */
function decode(frame: string): Received | undefined {
  return receive(`${frame}\r\n`)[0]
}

function refusalOf(frame: string): { ref: number | null; msg: string } {
  const received = decode(frame)
  if (received === undefined || !('refusal' in received)) throw new Error(`not refused: ${frame}`)
  return { ref: received.ref, msg: received.refusal.message }
}

describe('frames of version 1', () => {
  it.each([
    ['[1,"CONNECT",{"cookie_string":"a=1"}]', { op: 'connect', cookies: 'a=1', payload: 'null' }],
    ['[1,"CONNECT",{"cookie":"","payload":"{}"}]', { op: 'connect', cookies: '', payload: '{}' }],
    ['[1,"SUBSCRIBE",{"channel_name":"a"}]', { op: 'subscribe', channel: 'a' }],
    ['[1,"UNSUBSCRIBE",{"channel_name":"a"}]', { op: 'unsubscribe', channel: 'a' }],
    ['[1,"PUBLISH",{"channel_name":"a"}]', { op: 'publish', channel: 'a', payload: 'null' }],
    [
      '[1,"PUBLISH",{"channel_name":"a","payload":"\\"\\\\u00e9\\""}]',
      { op: 'publish', channel: 'a', payload: '"\\u00e9"' },
    ],
    [
      '[1,"MESSAGE",{"name":"bob","payload":"[1]"}]',
      { op: 'message', recipient: 'bob', payload: '[1]' },
    ],
  ])('%s is a command', (frame, command) => {
    expect(decode(frame)).toMatchObject({ ref: 1, command })
  })

  it.each([
    ['nonsense', null, 'Invalid json'],
    ['', null, 'Invalid json'],
    ['{"a":1}', null, 'Invalid frame (not a list)'],
    ['null', null, 'Invalid frame (not a list)'],
    ['[]', null, 'Invalid frame length'],
    ['[7,"PUBLISH"]', 7, 'Invalid frame length'],
    ['[7,"PUBLISH",{},{}]', 7, 'Invalid frame length'],
    ['["7","PUBLISH",{}]', null, 'Invalid frame id (must be int)'],
    ['[1.5,"PUBLISH",{}]', null, 'Invalid frame id (must be int)'],
    ['[1e99,"PUBLISH",{}]', null, 'Invalid frame id (must be int)'],
    ['[null,"PUBLISH",{}]', null, 'Invalid frame id (must be int)'],
    ['[7,7,{}]', 7, 'Invalid frame name (must be string)'],
    ['[7,"PUBLISH",[]]', 7, 'Invalid frame keyword arguments (must be dictionary)'],
    ['[7,"PUBLISH",null]', 7, 'Invalid frame keyword arguments (must be dictionary)'],
    ['[7,"CONNECT",{}]', 7, 'Missing cookie_string'],
    ['[7,"CONNECT",{"cookie_string":7}]', 7, 'Missing cookie_string'],
    ['[7,"CONNECT",{"cookie_string":"","payload":"{"}]', 7, 'Invalid json for payload'],
    ['[7,"SUBSCRIBE",{}]', 7, 'channel_name required'],
    ['[7,"UNSUBSCRIBE",{"channel_name":""}]', 7, 'channel_name required'],
    ['[7,"PUBLISH",{"payload":"1"}]', 7, 'channel_name required'],
    ['[7,"PUBLISH",{"channel_name":7}]', 7, 'channel_name required'],
    ['[7,"SUBSCRIBE",{"channel_name":"a\\nb"}]', 7, 'Invalid channel_name'],
    ['[7,"PUBLISH",{"channel_name":"a","payload":"{"}]', 7, 'Invalid json for payload'],
    ['[7,"PUBLISH",{"channel_name":"a","payload":{}}]', 7, 'Invalid json for payload'],
    [
      '[7,"PUBLISH",{"channel_name":"a","payload":"\\"\\\\ud83d\\""}]',
      7,
      'Invalid json for payload',
    ],
    ['[7,"MESSAGE",{"payload":"1"}]', 7, 'name required'],
    ['[7,"MESSAGE",{"name":"\\u0000"}]', 7, 'Invalid name'],
  ])('%s is refused to %j: %s', (frame, ref, msg) => {
    expect(refusalOf(frame)).toEqual({ ref, msg })
  })

  it.each(['[1,"DANCE",{}]', '[1,"__proto__",{}]', '[1,"constructor",{}]', '[1,"subscribe",{}]'])(
    '%s has an unknown name and is ignored',
    (frame) => expect(decode(frame)).toBeUndefined(),
  )

  it('takes nothing from the prototype for an argument', () => {
    const frame = '[1,"SUBSCRIBE",{"__proto__":{"channel_name":"a"}}]'
    expect(refusalOf(frame)).toEqual({ ref: 1, msg: 'channel_name required' })
  })

  it('carries the line ends between a payload’s tokens as spaces', () => {
    const payload = JSON.stringify({ a: ['x\r\n', 1] }, null, 2).replaceAll('\n', '\r\n')
    const received = decode(JSON.stringify([1, 'PUBLISH', { channel_name: 'a', payload }]))
    const command = received !== undefined && 'command' in received ? received.command : undefined
    if (command?.op !== 'publish') throw new Error('no publish')
    expect(command.payload).not.toMatch(/[\r\n]/)
    expect(JSON.parse(command.payload)).toEqual({ a: ['x\r\n', 1] })
  })

  it('carries any payload with the same value', () => {
    fc.assert(
      fc.property(fc.jsonValue({ maxDepth: 6 }), fc.nat({ max: 2 }), (value, indent) => {
        const payload = JSON.stringify(value, null, indent)
        const received = decode(JSON.stringify([1, 'PUBLISH', { channel_name: 'a', payload }]))
        const command =
          received !== undefined && 'command' in received ? received.command : undefined
        if (command?.op !== 'publish') throw new Error('no publish')
        expect(JSON.parse(command.payload)).toEqual(JSON.parse(payload))
      }),
    )
  })

  it('decodes what stands after a frame that is wrong', () => {
    const received = receive('nonsense\r\n[2,"SUBSCRIBE",{"channel_name":"a"}]\r\n')
    expect(received.map((item) => 'command' in item)).toEqual([false, true])
  })

  it('ends the link over a frame that is too large, and carries nothing out twice', () => {
    const session = hookboxProtocol.open({ maxFrameBytes: 50 })
    const good = '[1,"SUBSCRIBE",{"channel_name":"a"}]\r\n'
    const received = session.receive(`${good}${'x'.repeat(51)}`)
    expect(received).toHaveLength(2)
    expect(received[1]).toMatchObject({ ref: null, refusal: { code: 'frame_too_large' } })
    expect(session.receive(`\r\n${good}`)).toEqual([])
  })
})

describe('replies of version 1', () => {
  it('are none for what was done', () => {
    const session = hookboxProtocol.open({ maxFrameBytes: 1000 })
    expect(session.reply({ ref: 3, done: 'publish' } as never)).toBeUndefined()
  })

  it('are an ERROR with both ids for what was refused', () => {
    const session = hookboxProtocol.open({ maxFrameBytes: 1000 })
    const [refused] = session.receive('[9,"SUBSCRIBE",{}]\r\n')
    if (refused === undefined || !('refusal' in refused)) throw new Error('not refused')
    const text = session.reply(refused)?.text ?? ''
    expect(text).toMatch(/^\[\d+,"ERROR",\{.*\}\]\r\n$/)
    expect(JSON.parse(text)[2]).toEqual({ id: 9, reference_id: 9, msg: 'channel_name required' })
  })
})
