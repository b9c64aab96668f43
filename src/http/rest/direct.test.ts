import { IncomingMessage, ServerResponse } from 'node:http'
import { Socket } from 'node:net'
import { describe, expect, it } from 'vitest'
import { createDirectDoor, type DirectParts } from './direct.ts'

/** Whether the short way takes a request; it is never answered, for its body does not come. */
function takes(method: string, url: string): boolean {
  const request = Object.assign(new IncomingMessage(new Socket()), { method, url })
  const parts = { settings: { maxBodyBytes: 1 }, accessLog: undefined } as DirectParts
  return createDirectDoor(parts)(request, new ServerResponse(request))
}

describe('the short way of REST', () => {
  it.each(['/web/publish', '/rest/publish_batch', '/web/no_such_method'])('takes %s', (path) => {
    expect(takes('POST', path)).toBe(true)
  })

  it.each([
    ['GET', '/web/publish'],
    ['POST', '/web/publish?security_token=x'],
    ['POST', '/web/publish/'],
    ['POST', '/web/pub%6cish'],
    ['POST', '/publish'],
    ['POST', '//web/publish'],
    ['POST', '/csp/send'],
  ])('leaves %s %s to the routes', (method, path) => {
    expect(takes(method, path)).toBe(false)
  })
})
