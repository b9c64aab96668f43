import { fileURLToPath } from 'node:url'
import type { Page } from 'playwright-core'
import { bubble, connected, messageBox, openRoom, roomLink, say } from './demo-page.ts'
import { DemoWorld, sizes } from './demo-world.ts'

/**
 * Makes docs/images/demo.png from the running demo: `node test/browser/screenshot.ts [FOLDER]` after a build. With a folder
 * it leaves all its pictures there, else only that one.
 */
const folder = process.argv[2] ?? fileURLToPath(new URL('../../docs/images', import.meta.url))
const all = process.argv[2] !== undefined
const longName = 'Maximiliane von Hohenlohe-Langenburg III'

const world = await DemoWorld.start()

async function take(page: Page, name: string): Promise<void> {
  await page.screenshot({ path: `${folder}/${name}.png` })
}

async function takeBoth(page: Page, name: string): Promise<void> {
  for (const colorScheme of ['dark', 'light'] as const) {
    await page.emulateMedia({ colorScheme })
    await take(page, colorScheme === 'dark' ? `${name}-dark` : name)
  }
}

/** Each line is there for the next one's author. */
async function talk(lines: readonly (readonly [Page, string])[], reader: Page): Promise<void> {
  for (const [page, text] of lines) {
    await say(page, text)
    for (const each of new Set([page, reader])) await bubble(each, text).waitFor()
  }
}

/** Three people talk in three rooms while a fourth is away. */
async function play(): Promise<{ mia: Page; tom: Page; ann: Page }> {
  const away = await world.logIn('Ben')
  await connected(away)
  await world.logOut(away)
  const mia = await world.logIn('Mia')
  const tom = await world.logIn('Tom', 'narrow')
  const ann = await world.logIn('Ann')
  for (const page of [mia, tom, ann]) await connected(page)
  await mia.getByLabel('Topic of this room').fill('Tea at five, cake if Tom remembers')
  await mia.getByRole('button', { name: 'Set topic' }).click()
  await talk(
    [
      [mia, 'Is the kettle on?'],
      [tom, 'On and singing.'],
      [tom, 'Assam or Darjeeling?'],
      [mia, 'Darjeeling, please. And the cake?'],
    ],
    mia,
  )
  await openRoom(mia, 'lobby')
  await openRoom(ann, 'garden')
  await say(ann, 'The first tomatoes are ripe')
  await say(ann, 'Who wants some?')
  await bubble(ann, 'Who wants some?').waitFor()
  await say(mia, 'Good afternoon, everybody')
  await bubble(mia, 'Good afternoon').waitFor()
  await talk(
    [
      [tom, 'There may have been a small delay at the bakery …'],
      [tom, 'But there are scones.'],
    ],
    tom,
  )
  await openRoom(mia, 'tea')
  await openRoom(ann, 'tea')
  await messageBox(ann).fill('Scones? ')
  await mia.locator('#typing', { hasText: 'Ann is typing…' }).waitFor()
  await mia.locator('.push', { hasText: 'But there are scones.' }).waitFor()
  await roomLink(mia, 'garden').locator('.badge').waitFor()
  return { mia, tom, ann }
}

async function takeOthers({ mia, tom, ann }: Awaited<ReturnType<typeof play>>): Promise<void> {
  await takeBoth(mia, 'wide')
  await takeBoth(tom, 'narrow')
  await tom.getByRole('button', { name: 'Rooms' }).click()
  await takeBoth(tom, 'narrow-rooms')
  await tom.keyboard.press('Escape')
  await tom.getByRole('button', { name: 'people and pushes' }).click()
  await takeBoth(tom, 'narrow-details')
  await tom.keyboard.press('Escape')
  await ann.setViewportSize(sizes.middle)
  await takeBoth(ann, 'middle')
  await takeLong(tom)
  await takeEmpty()
  await mia.emulateMedia({ colorScheme: 'dark' })
  await world.stopOffhook()
  for (const page of [mia, tom]) await page.getByText('Connection lost').waitFor()
  await take(mia, 'lost-dark')
  await take(tom, 'narrow-lost')
  await mia.emulateMedia({ colorScheme: 'light' })
  await mia.getByRole('button', { name: 'Log out' }).click()
  await mia.getByLabel('Your name').waitFor()
  await takeBoth(mia, 'login')
}

/** Long names, texts and rooms. */
async function takeLong(tom: Page): Promise<void> {
  const max = await world.logIn(longName)
  await connected(max)
  await max.getByLabel('Name of a room').fill('a-room-with-a-really-long-name-of-forty')
  await max.getByRole('button', { name: 'Go' }).click()
  await max.locator('body[data-channel^="room:a-room"][data-state="connected"]').waitFor()
  await openRoom(max, 'tea')
  await say(max, `${'averyveryverylongword'.repeat(8)}\n\nand ${'many words '.repeat(40)}`)
  await bubble(tom, 'averyvery').waitFor()
  await messageBox(max).fill('More\nthan\none line')
  await tom.locator('#typing', { hasText: 'is typing…' }).waitFor()
  await takeBoth(tom, 'narrow-long')
  await takeBoth(max, 'wide-long')
}

async function takeEmpty(): Promise<void> {
  const zoe = await world.logIn('Zoë', 'narrow')
  await connected(zoe)
  await openRoom(zoe, 'lobby')
  await zoe.getByRole('button', { name: 'Rooms' }).click()
  await zoe.getByLabel('Name of a room').fill('chess')
  await zoe.getByRole('button', { name: 'Go' }).click()
  await zoe.locator('body[data-channel="room:chess"][data-state="connected"]').waitFor()
  await take(zoe, 'narrow-empty')
}

try {
  const people = await play()
  await take(people.mia, 'demo')
  if (all) await takeOthers(people)
} finally {
  await world.close()
}
