import { fileURLToPath } from 'node:url'
import { DemoWorld } from './demo-world.ts'

/**
 * Makes docs/images/demo.png from the running demo: `node test/browser/screenshot.ts [FOLDER]` after a build. With a folder
 * it leaves all its pictures there, else only that one.
 */
const folder = process.argv[2] ?? fileURLToPath(new URL('../../docs/images', import.meta.url))
const all = process.argv[2] !== undefined

const world = await DemoWorld.start()
try {
  const mia = await world.logIn('Mia')
  const tom = await world.logIn('Tom', 'narrow')
  for (const page of [mia, tom]) await page.locator('body[data-state="connected"]').waitFor()
  await mia.getByLabel('Topic of this room').fill('Tea at five, cake if Tom remembers')
  await mia.getByRole('button', { name: 'Set topic' }).click()

  const lines = [
    [mia, 'Is the kettle on?'],
    [tom, 'On and singing.'],
    [tom, 'Assam or Darjeeling?'],
    [mia, 'Darjeeling, please. And the cake?'],
    [tom, 'There may have been a small delay at the bakery 🍰'],
    [mia, 'Say no more. I saved you a slice.'],
  ] as const
  for (const [page, text] of lines) {
    await page.getByLabel('Message', { exact: true }).fill(text)
    await page.getByRole('button', { name: 'Send' }).click()
    for (const reader of [mia, tom]) await reader.locator('.bubble', { hasText: text }).waitFor()
  }
  await mia.locator('#rooms a').first().waitFor()
  await mia.screenshot({ path: `${folder}/demo.png` })
  if (all) {
    await tom.screenshot({ path: `${folder}/narrow.png` })
    await tom.emulateMedia({ colorScheme: 'dark' })
    await tom.screenshot({ path: `${folder}/narrow-dark.png` })
    await mia.emulateMedia({ colorScheme: 'dark' })
    await world.stopOffhook()
    await mia.getByText('Connection lost').waitFor()
    await mia.screenshot({ path: `${folder}/lost-dark.png` })
    await tom.goto(`${world.url}/`)
    await mia.emulateMedia({ colorScheme: 'light' })
    await mia.getByRole('button', { name: 'Log out' }).click()
    await mia.getByLabel('Your name').waitFor()
    await mia.screenshot({ path: `${folder}/login.png` })
  }
} finally {
  await world.close()
}
