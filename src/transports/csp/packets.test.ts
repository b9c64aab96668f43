import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { packetDataOf, readPackets, safeJson } from './packets.ts'

describe("the browser's packets", () => {
  it('are text, bytes or an end', () => {
    const text =
      '[[3,0,"é"],[1,1,"4pyTPz8-_w=="],[2,1,"4pyTPz8-_w"],[9,0,null],[10,1,null],[11,1,""]]'
    const bytes = Buffer.from([0xe2, 0x9c, 0x93, 0x3f, 0x3f, 0x3e, 0xff])
    expect(readPackets(text)).toEqual([
      { id: 3, data: 'é' },
      { id: 1, data: bytes },
      { id: 2, data: bytes },
      { id: 9, data: null },
      { id: 10, data: null },
      { id: 11, data: Buffer.alloc(0) },
    ])
    expect(readPackets('[]')).toEqual([])
  })

  it('carry any bytes in base64', () => {
    fc.assert(
      fc.property(fc.uint8Array(), (bytes) => {
        const data = Buffer.from(bytes)
        const list = JSON.stringify([[1, 1, data.toString('base64url')]])
        expect(readPackets(list)).toEqual([{ id: 1, data }])
      }),
    )
  })
})

describe("the server's packets", () => {
  it('are built once per message', () => {
    const encoded = { text: 'x' }
    expect(packetDataOf(encoded)).toBe(packetDataOf(encoded))
  })

  it('mean the text and hold nothing that a script or page could trip over', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => {
        const json = safeJson(`</script>\u2028\u2029${text}`)
        expect(JSON.parse(json)).toBe(`</script>\u2028\u2029${text}`)
        expect(json).not.toMatch(/[<\u2028\u2029]/)
      }),
    )
  })
})
