import type { Page } from 'playwright-core'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { findChromium } from './chromium.ts'
import { bubble, connected, messageBox, peopleOf, say } from './demo-page.ts'
import { DemoWorld, sizes } from './demo-world.ts'

const missing = findChromium() === undefined
const { CI } = process.env
const reason = 'no Chromium on the PATH (apt-get install chromium)'
if (missing && CI !== 'true') process.stderr.write(`skipped, the demo in a browser: ${reason}\n`)
if (missing && CI === 'true') {
  test('with CI=true there is a Chromium to test with', () => {
    expect.fail(reason)
  })
}

describe.skipIf(missing)('the demo in Chromium', { timeout: 60_000 }, () => {
  let world: DemoWorld

  beforeAll(async () => {
    world = await DemoWorld.start()
  }, 60_000)

  afterEach(async () => {
    await world.closePages()
    expect(world.pageErrors).toEqual([])
  })

  afterAll(async () => {
    await world?.close()
  }, 30_000)

  async function people(page: Page, names: readonly string[]): Promise<void> {
    await expect.poll(() => peopleOf(page), { timeout: 10_000 }).toEqual(names)
  }

  test('two users see each other come, chat both ways, and go', async () => {
    const ann = await world.logIn('ann')
    await people(ann, ['ann'])
    const bob = await world.logIn('bob')
    await people(bob, ['ann', 'bob'])
    await people(ann, ['ann', 'bob'])
    await ann.getByText('bob came in').waitFor()

    await say(ann, 'Good morning')
    await bubble(bob, 'Good morning').waitFor()
    await bubble(ann, 'Good morning').waitFor()
    await say(bob, 'And to you ☕')
    await bubble(ann, 'And to you ☕').waitFor()
    expect(await ann.locator('.bubble').allTextContents()).toEqual([
      'Good morning',
      'And to you ☕',
    ])
    expect(await ann.locator('.mine .bubble').allTextContents()).toEqual(['Good morning'])

    await bob.close()
    await people(ann, ['ann'])
    await ann.getByText('bob left').waitFor()
  })

  test('what users write is text, never markup', async () => {
    const ann = await world.logIn('<b>ann</b>')
    const markup = '<img src=x onerror="document.title=\'broken\'"> & <script>1</script>'
    await connected(ann)
    await say(ann, markup)
    await bubble(ann, markup).waitFor()
    expect(await ann.locator('.bubble img, .name b').count()).toBe(0)
    expect(await ann.title()).toBe('#tea · Offhook demo')
  })

  test('a topic that one sets through REST shows for all, and stays over a reload', async () => {
    const ann = await world.logIn('ann')
    const bob = await world.logIn('bob')
    await connected(bob)
    await connected(ann)
    await ann.getByLabel('Topic of this room').fill('Tea at five')
    await ann.getByRole('button', { name: 'Set topic' }).click()
    const topic = bob.getByLabel('Topic of this room')
    await expect.poll(() => topic.inputValue()).toBe('Tea at five')
    await bob.reload()
    await connected(bob)
    expect(await topic.inputValue()).toBe('Tea at five')
  })

  test('a reload shows the history once', async () => {
    const ann = await world.logIn('ann')
    await connected(ann)
    await say(ann, 'Before the reload')
    await bubble(ann, 'Before the reload').waitFor()
    await ann.reload()
    await connected(ann)
    expect(await bubble(ann, 'Before the reload').count()).toBe(1)
  })

  test('logging out ends every window of that user, and nobody else sees them', async () => {
    const ann = await world.logIn('ann')
    const bob = await world.logIn('bob')
    await people(bob, ['ann', 'bob'])
    const second = await ann.context().newPage()
    await second.goto(`${world.url}/chat?room=tea`)
    await connected(second)
    await people(bob, ['ann', 'bob'])
    await ann.getByRole('button', { name: 'Log out' }).click()
    await ann.getByLabel('Your name').waitFor()
    await second.getByLabel('Your name').waitFor()
    await people(bob, ['bob'])
  })

  test('a message that is refused returns to its writer', async () => {
    const ann = await world.logIn('ann')
    await connected(ann)
    const box = messageBox(ann)
    const tooLong = 'x'.repeat(3000)
    await ann.evaluate('document.getElementById("text").removeAttribute("maxlength")')
    await say(ann, 'fine')
    await bubble(ann, 'fine').waitFor()
    await say(ann, tooLong)
    await ann.locator('.problem:not(:empty)').waitFor()
    expect(await box.inputValue()).toBe(tooLong)
  })

  test('a long name of a room stays in its list', async () => {
    const ann = await world.logIn('ann')
    await ann.goto(`${world.url}/chat?room=${'w'.repeat(40)}`)
    await connected(ann)
    const link = ann.locator('.rooms a[aria-current]')
    await link.waitFor()
    const box = await link.boundingBox()
    expect(box && box.x + box.width).toBeLessThanOrEqual(sizes.wide.width)
  })

  test.each(['narrow', 'middle', 'wide'] as const)('the page fits a %s window', async (size) => {
    const ann = await world.logIn('ann', size)
    await connected(ann)
    await say(ann, `${'averyveryverylongword'.repeat(20)} ${'and words '.repeat(60)}`)
    await ann.locator('.bubble', { hasText: 'averyvery' }).first().waitFor()
    const { width, height } = sizes[size]
    const overflow = await ann.evaluate('document.documentElement.scrollWidth')
    expect(overflow).toBeLessThanOrEqual(width)
    for (const name of ['Send', 'Log out']) {
      const drawer = ann.getByRole('button', { name: 'Rooms' })
      if (name === 'Log out' && size === 'narrow') await drawer.click()
      const box = await ann.getByRole('button', { name }).boundingBox()
      expect(box).not.toBeNull()
      if (box !== null) {
        expect(box.x + box.width).toBeLessThanOrEqual(width)
        expect(box.y + box.height).toBeLessThanOrEqual(height)
      }
    }
  })

  // Last: for 30 seconds after a kill, a user who goes may still be shown (the dead node's links count until then).
  test.each(['stopped', 'killed'] as const)(
    'after Offhook was %s pages say so, come back by themselves, and nothing is lost',
    async (how) => {
      const ann = await world.logIn('ann')
      const bob = await world.logIn('bob')
      await connected(bob)
      await connected(ann)
      await say(ann, `Before it was ${how}`)
      await bubble(bob, `Before it was ${how}`).waitFor()

      await (how === 'stopped' ? world.stopOffhook() : world.killOffhook())
      await ann.getByText('Connection lost').waitFor()
      expect(await ann.getByRole('button', { name: 'Send' }).isDisabled()).toBe(true)
      await world.startOffhook()
      for (const page of [ann, bob]) {
        await connected(page)
        expect(await bubble(page, `Before it was ${how}`).count()).toBe(1)
        await page.getByText('Connection lost').waitFor({ state: 'hidden' })
      }
      await say(bob, `After it was ${how}`)
      await bubble(ann, `After it was ${how}`).waitFor()
    },
  )
})
