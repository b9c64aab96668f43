import { afterEach, describe, expect, it, vi } from 'vitest'
import type { CoreParts } from '../../src/core/core.ts'
import { Subscribers } from '../../src/core/subscribers.ts'
import {
  answerBeforeDurable,
  forgetClaims,
  forgetWhoWasIn,
  leaveAuthorsBehind,
  loseMissedNotices,
  losePublishVerdicts,
  openAllDoors,
  removeNobody,
} from './sabotage.ts'
import { simulate } from './simulate.ts'

const broken = vi.hoisted(() => ({ chain: false, intents: false, unread: false }))

vi.mock('../../src/rooms/unread.ts', async (original) => {
  const real = await original<typeof import('../../src/rooms/unread.ts')>()
  return {
    ...real,
    unreadIn: async (...args: Parameters<typeof real.unreadIn>) => {
      const unread = await real.unreadIn(...args)
      return broken.unread && unread > 0 ? unread - 1 : unread
    },
  }
})

vi.mock('../../src/core/held-commits.ts', async (original) => {
  const real = await original<typeof import('../../src/core/held-commits.ts')>()
  return {
    ...real,
    isNext: (...args: Parameters<typeof real.isNext>) => broken.chain || real.isNext(...args),
  }
})

vi.mock('../../src/core/operations/heal-intents.ts', async (original) => {
  const real = await original<typeof import('../../src/core/operations/heal-intents.ts')>()
  return {
    ...real,
    healIntents: async (...args: Parameters<typeof real.healIntents>) => {
      if (!broken.intents) await real.healIntents(...args)
    },
  }
})

/** What the checker says of the first run, of so many, in which it finds something. `from`: the first seed. */
async function firstViolation(
  runs: number,
  sabotage: (parts: CoreParts) => CoreParts = (parts) => parts,
  from = 1,
): Promise<string | undefined> {
  for (let seed = from; seed < from + runs; seed += 1) {
    const { violations } = await simulate(seed, { sabotage })
    if (violations.length > 0) return violations[0]
  }
  return undefined
}

describe('the checker', () => {
  afterEach(() => {
    broken.chain = false
    broken.intents = false
    broken.unread = false
    vi.restoreAllMocks()
  })

  it('notices commits of the bus that are applied without regard to their chain', async () => {
    broken.chain = true
    expect(await firstViolation(30)).toMatch(/ (G2|G8|rest|state|frames|bug): /)
  })

  it('notices what is told before it is durable', async () => {
    expect(await firstViolation(30, answerBeforeDurable)).toMatch(/ G1: /)
  })

  it('notices that claims of publish ids are ignored', async () => {
    expect(await firstViolation(30, forgetClaims)).toMatch(/ G4: /)
  })

  it('notices that the verdict on a publish is not waited for', async () => {
    expect(await firstViolation(60, losePublishVerdicts)).toMatch(/ G5: .* without the app's leave/)
  })

  it('notices that entries which come while a snapshot is read are not collected', async () => {
    vi.spyOn(Subscribers.prototype, 'collect').mockImplementation(() => {})
    expect(await firstViolation(30)).toMatch(/ (G2|G3): /)
  })

  it('notices that nobody carries out what a dead node has begun', async () => {
    broken.intents = true
    expect(await firstViolation(200)).toMatch(/ G8: .*intents/)
  })

  it('notices that the authors of messages have not read what was before', async () => {
    expect(await firstViolation(30, leaveAuthorsBehind)).toMatch(/ rooms: .* moves /)
  })

  it('notices that one unread message is not counted', async () => {
    broken.unread = true
    expect(await firstViolation(30)).toMatch(/ rooms: .* unread in .* true is /)
  })

  it('notices that nobody is told what a lost link did not bring', async () => {
    expect(await firstViolation(140, loseMissedNotices, 60)).toMatch(/ push: .* never heard of /)
  })

  it('notices that members are told twice of what came while they were in', async () => {
    expect(await firstViolation(200, forgetWhoWasIn)).toMatch(/ push: .* is told as /)
  })

  it('notices that rooms let in whom they must not', async () => {
    expect(await firstViolation(60, openAllDoors)).toMatch(/ rooms: .* (shut out|tells )/)
  })

  it('notices that whoever was removed stays in', async () => {
    expect(await firstViolation(60, removeNobody)).toMatch(/ (rooms|G2|G8): /)
  })
})
