import type { Page } from 'playwright-core'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { findChromium } from './chromium.ts'
import {
  bubble,
  connected,
  linesOf,
  look,
  messageBox,
  openRoom,
  peopleOf,
  roomLink,
  say,
  unreadOf,
} from './demo-page.ts'
import { DemoWorld } from './demo-world.ts'
import { TalkClient } from './talk-client.ts'

describe.skipIf(findChromium() === undefined)('rooms of the demo', { timeout: 60_000 }, () => {
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

  async function unread(page: Page, room: string, count: string): Promise<void> {
    await expect.poll(() => unreadOf(page, room), { timeout: 10_000 }).toBe(count)
  }

  async function lines(page: Page, expected: readonly string[]): Promise<void> {
    await expect.poll(async () => (await linesOf(page)).slice(-expected.length)).toEqual(expected)
  }

  test('unread messages of other rooms are counted, and read by opening the room', async () => {
    const ann = await world.logIn('ann')
    const bob = await world.logIn('bob')
    await connected(ann)
    await openRoom(bob, 'garden')
    await unread(ann, 'garden', '')
    for (const [count, text] of [
      ['1', 'The first tomatoes'],
      ['2', 'are ripe'],
    ] as const) {
      await say(bob, text)
      await unread(ann, 'garden', count)
      expect(await roomLink(ann, 'garden').locator('.preview').textContent()).toBe(`bob: ${text}`)
      expect(await ann.title()).toBe(`(${count}) #tea · Offhook demo`)
    }
    await unread(bob, 'garden', '')

    const second = await ann.context().newPage()
    await second.goto(`${world.url}/chat?room=tea`)
    await unread(second, 'garden', '2')
    await openRoom(ann, 'garden')
    await unread(ann, 'garden', '')
    await unread(second, 'garden', '')
    await lines(ann, ['New messages', 'The first tomatoes', 'are ripe'])
    expect(await ann.title()).toBe('#garden · Offhook demo')
    await ann.reload()
    await connected(ann)
    await lines(ann, ['The first tomatoes', 'are ripe'])
    await unread(ann, 'garden', '')
  })

  test('what comes while one looks away is unread, below the line, until one looks again', async () => {
    const ann = await world.logIn('ann')
    const bob = await world.logIn('bob')
    await connected(ann)
    await connected(bob)
    await say(bob, 'seen')
    await bubble(ann, 'seen').waitFor()
    await look(ann, 'away')
    await say(bob, 'not seen')
    await unread(ann, 'tea', '1')
    await say(bob, 'neither')
    await unread(ann, 'tea', '2')
    await lines(ann, ['seen', 'New messages', 'not seen', 'neither'])
    await look(ann, 'here')
    await unread(ann, 'tea', '')
    await lines(ann, ['New messages', 'not seen', 'neither'])

    // The line goes where the next news begin, and away with one's own answer.
    await look(ann, 'away')
    await say(bob, 'later')
    await lines(ann, ['not seen', 'neither', 'New messages', 'later'])
    await look(ann, 'here')
    await say(ann, 'answer')
    await lines(ann, ['neither', 'later', 'answer'])
    await unread(ann, 'tea', '')
  })

  test('what is below the end of the window is unread until one has scrolled there', async () => {
    const ann = await world.logIn('ann')
    const bob = await world.logIn('bob')
    await connected(ann)
    await openRoom(bob, 'lobby')
    for (let number = 1; number <= 20; number += 1)
      await say(bob, `long ${'text '.repeat(80)} ${number}`)
    await unread(ann, 'lobby', '20')
    await openRoom(ann, 'lobby')
    await ann.locator('.new-line').waitFor()
    await ann.getByRole('button', { name: 'Newest' }).waitFor()
    await unread(ann, 'lobby', '20')
    await ann.getByRole('button', { name: 'Newest' }).click()
    await unread(ann, 'lobby', '')
    await say(bob, 'one more')
    await bubble(ann, 'one more').waitFor()
    await unread(ann, 'lobby', '')
    expect(await ann.getByRole('button', { name: 'Newest' }).isVisible()).toBe(false)
  })

  test('who is typing shows in the room and in the list, until the message comes', async () => {
    const ann = await world.logIn('ann')
    const bob = await world.logIn('bob')
    const cem = await world.logIn('cem')
    for (const page of [ann, bob, cem]) await connected(page)
    const typing = ann.locator('#typing')
    await messageBox(bob).fill('H')
    await expect.poll(() => typing.textContent()).toBe('bob is typing…')
    await messageBox(cem).fill('H')
    await expect.poll(() => typing.textContent()).toBe('bob and cem are typing…')
    await openRoom(ann, 'garden')
    expect(await typing.textContent()).toBe('')
    const preview = roomLink(ann, 'tea').locator('.preview')
    expect(await preview.textContent()).toBe('bob and cem are typing…')
    await say(bob, 'Hello')
    await expect.poll(() => preview.textContent()).toBe('cem is typing…')
    await say(cem, 'Hi')
    await expect.poll(() => preview.textContent()).toBe('cem: Hi')
  })

  test('a room that somebody makes is found by others, and its draft stays in it', async () => {
    const ann = await world.logIn('ann')
    await connected(ann)
    await messageBox(ann).fill('half a mess')
    await ann.getByLabel('Name of a room').fill('Chess Club')
    await ann.getByRole('button', { name: 'Go' }).click()
    await ann.waitForURL('**/chat?room=chess-club')
    await ann.getByRole('heading', { name: '#chess-club' }).waitFor()
    await ann.getByText('Nobody has said anything here yet.').waitFor()
    expect(await messageBox(ann).inputValue()).toBe('')
    await say(ann, 'e4')
    await bubble(ann, 'e4').waitFor()

    const bob = await world.logIn('bob')
    await bob.goto(`${world.url}/chat?room=chess-club`)
    await bubble(bob, 'e4').waitFor()
    await ann.goBack()
    await ann.getByRole('heading', { name: '#tea' }).waitFor()
    expect(await messageBox(ann).inputValue()).toBe('half a mess')
    await say(bob, 'c5')
    await unread(ann, 'chess-club', '1')
  })

  test('the app is told of what somebody missed, and shows it', async () => {
    const dan = await world.logIn('dan')
    await connected(dan)
    const ann = await world.logIn('ann')
    await connected(ann)
    await world.logOut(dan)
    await people(ann, ['ann'])
    for (const text of ['Dan?', '<i>Where</i> are you?']) {
      await say(ann, text)
      await bubble(ann, text).waitFor()
    }
    const push = ann.locator('.push', { hasText: 'are you?' })
    await push.waitFor({ timeout: 20_000 })
    expect(await push.locator('.push-text').textContent()).toBe('ann <i>Where</i> are you?')
    expect(await push.locator('.push-room').textContent()).toBe('#tea')
    const receiver = push.locator('.receivers li', { hasText: 'dan' })
    expect(await receiver.locator('.unread').textContent()).toBe('2 unread')
    const pushes = await ann.locator('.push-text').allTextContents()
    expect(pushes.slice(0, 2)).toEqual(['ann <i>Where</i> are you?', 'ann Dan?'])

    const back = await world.logIn('dan')
    await connected(back)
    await lines(back, ['New messages', 'Dan?', '<i>Where</i> are you?'])
    await unread(back, 'tea', '')
  })

  test('a Hipochat client with a token of the page is in the same room', async () => {
    const ann = await world.logIn('ann')
    const bob = await world.logIn('bob')
    await connected(ann)
    await connected(bob)
    await bob.getByRole('button', { name: 'Copy a token' }).click()
    const field = bob.getByLabel('Token')
    await field.waitFor()
    const token = await field.inputValue()
    const talk = await TalkClient.open(world.offhookUrl, { room: 'room:tea', token })
    try {
      talk.send({ message: 'by Hipochat' })
      await bubble(ann, 'by Hipochat').waitFor()
      await bubble(bob, 'by Hipochat').waitFor()
      expect(await ann.locator('.message:last-child .author').textContent()).toBe('bob')
      expect(await bob.locator('.mine .bubble').last().textContent()).toBe('by Hipochat')
      await say(ann, 'by Hookbox')
      const heard = await talk.heard(({ body }) => body === 'by Hookbox')
      expect(heard).toMatchObject({ author: 'ann', token: 'room:tea', type: 'message' })
    } finally {
      await talk.close()
    }
    const wrong = await TalkClient.open(world.offhookUrl, { room: 'room:tea', token: `${token}x` })
    expect(await wrong.heard(() => true)).toEqual({ ERROR: 'authentication error' })
    await wrong.close()
  })

  test('the test page of Hipochat that the page leads to opens in its room', async () => {
    const ann = await world.logIn('ann')
    await connected(ann)
    await openRoom(ann, 'garden')
    await ann.getByRole('button', { name: 'Copy a token' }).click()
    const field = ann.getByLabel('Token')
    await field.waitFor()
    const opened = ann.context().waitForEvent('page')
    await ann.getByRole('link', { name: 'test page' }).click()
    const page = await opened
    await page.getByLabel('Token').fill(await field.inputValue())
    await page.getByRole('button', { name: 'Enter' }).click()
    await page.locator('body[data-state="connected"]').waitFor()
    await page.getByRole('textbox', { name: 'Message' }).fill('from over there')
    await page.keyboard.press('Enter')
    await bubble(ann, 'from over there').waitFor()
    await say(ann, 'from over here')
    await bubble(page, 'from over here').waitFor()
  })
})
