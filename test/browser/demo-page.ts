import type { Locator, Page } from 'playwright-core'

/** What people do and see on the demo's chat page. */

/** The page is in its room and may send. */
export async function connected(page: Page): Promise<void> {
  await page.locator('body[data-state="connected"]').waitFor()
}

export async function say(page: Page, text: string): Promise<void> {
  await messageBox(page).fill(text)
  await page.getByRole('button', { name: 'Send' }).click()
}

export function messageBox(page: Page): Locator {
  return page.getByLabel('Message', { exact: true })
}

export function bubble(page: Page, text: string): Locator {
  return page.locator('.bubble', { hasText: text })
}

/** Who is shown as here. */
export async function peopleOf(page: Page): Promise<string[]> {
  return page.locator('.people .name').allTextContents()
}

/** A room in the list of rooms. */
export function roomLink(page: Page, room: string): Locator {
  return page.locator(`.room-link[data-channel="room:${room}"]`)
}

/** How many messages the list says are unread in a room; `''` for none. */
export async function unreadOf(page: Page, room: string): Promise<string> {
  const badge = roomLink(page, room).locator('.badge')
  return (await badge.isVisible())
    ? ((await badge.locator('.badge-count').textContent()) ?? '')
    : ''
}

/** Opens a room of the list, which is a drawer in a narrow window. */
export async function openRoom(page: Page, room: string): Promise<void> {
  const drawer = page.getByRole('button', { name: 'Rooms' })
  if (await drawer.isVisible()) await drawer.click()
  await roomLink(page, room).click()
  await page.locator(`body[data-channel="room:${room}"][data-state="connected"]`).waitFor()
}

/** Texts of the list of messages in order: bubbles, and the line above what is new. */
export async function linesOf(page: Page): Promise<string[]> {
  return page.locator('.bubble, .new-line').allTextContents()
}

/** Looks away from the page, or back at it, as switching to another tab does. */
export async function look(page: Page, where: 'away' | 'here'): Promise<void> {
  await page.evaluate(`{
    Object.defineProperty(document, 'hidden', { configurable: true, get: () => ${where === 'away'} })
    document.dispatchEvent(new Event('visibilitychange'))
  }`)
}
