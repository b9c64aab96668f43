import type { Page } from 'playwright-core'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { refusals } from '../../src/core/errors.ts'
import { findChromium } from './chromium.ts'
import { TalkWorld } from './talk-world.ts'

const wide = { width: 1000, height: 640 }

describe.skipIf(findChromium() === undefined)('the test page of talk', () => {
  let world: TalkWorld
  let page: Page

  beforeAll(async () => {
    world = new TalkWorld()
    await world.start()
  })
  afterAll(() => world.close())
  beforeEach(async () => {
    world.said.length = 0
    world.unread = 0
    world.door.seen.length = 0
    page = await world.open(wide)
  })
  afterEach(async () => {
    await page.context().close()
    expect(world.pageErrors.splice(0)).toEqual([])
  })

  async function enter(room: string, token: string): Promise<void> {
    await page.getByLabel('Room').fill(room)
    await page.getByLabel('Token').fill(token)
    await page.getByRole('button', { name: 'Enter' }).click()
  }

  it('shows what was said, then what is said, and says things', async () => {
    world.say('bob', '{"message":"one"}')
    world.say('bob', '{"body":"two"}')
    world.unread = 1
    await enter('tea', 'token-ann')
    await page.locator('body[data-state="connected"]').waitFor()
    expect(await page.locator('.bubble').allTextContents()).toEqual(['one', 'two'])
    expect(await page.locator('.note').textContent()).toBe('1 new')
    await page.keyboard.type('hello')
    await page.keyboard.press('Enter')
    await page.locator('.bubble', { hasText: 'hello' }).waitFor()
    expect(await page.getByRole('textbox', { name: 'Message' }).inputValue()).toBe('')
    expect(world.said.at(-1)?.content).toBe('{"message":"hello"}')
    expect(page.url()).toMatch(/\/talk\/#tea$/)
  })

  it('shows as text whatever others wrote', async () => {
    const evil = '<img src=x onerror=alert(1)><script>alert(1)</script>'
    world.say('<b>eve</b>', JSON.stringify({ message: evil }), { type: '<i>' })
    await enter('tea', 'token-ann')
    await page.locator('.bubble', { hasText: evil }).waitFor()
    world.say('eve', JSON.stringify({ body: { a: evil }, injected: { a: evil } }))
    await page.locator('.bubble.json', { hasText: 'onerror' }).waitFor()
    expect(
      await page.locator('.messages img, .messages script, .messages b, .messages i').count(),
    ).toBe(0)
  })

  it('counts on for who has left', async () => {
    await enter('tea', 'token-ann')
    await page.locator('body[data-state="connected"]').waitFor()
    await page.getByRole('button', { name: 'Leave' }).click()
    await page.locator('body[data-state="ended"]').waitFor()
    await world.door.only.until(({ ended }) => ended === 'clean')
    world.unread = 3
    await page.getByText('3 unread').waitFor()
  })

  it('says why it is not let in', async () => {
    await enter('tea', 'wrong')
    await page.getByText('authentication error').waitFor()
    await page.locator('body[data-state="ended"]').waitFor()
    // The browser itself notes the 403.
    expect(world.pageErrors.splice(0)).toEqual([expect.stringContaining('403')])
  })

  it('comes back after a loss, but not after it was sent away', async () => {
    await enter('tea', 'token-ann')
    await page.locator('body[data-state="connected"]').waitFor()
    world.door.seen[0]?.link.close(1012, 'restart')
    await page.locator('body[data-state="waiting"]').waitFor()
    await page.locator('body[data-state="connected"]').waitFor()
    const again = world.door.seen[1]?.link
    again?.write([{ text: '{"ERROR": "not a member"}' }])
    again?.close(refusals.shut_out.close, 'not a member')
    await page.getByText('not a member').waitFor()
    await page.locator('body[data-state="ended"]').waitFor()
  })

  it('fits a small phone', async () => {
    await page.setViewportSize({ width: 320, height: 560 })
    world.say('bob', `{"message":"${'x'.repeat(300)}"}`)
    await enter('tea', 'token-ann')
    await page.locator('.bubble').waitFor()
    const wider = await page.evaluate(
      'document.documentElement.scrollWidth - document.documentElement.clientWidth',
    )
    expect(wider).toBe(0)
  })
})
