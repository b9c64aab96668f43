import { createHmac, timingSafeEqual } from 'node:crypto'

/** Name of the session cookie. */
const cookieName = 'demo_session'

const maxAgeSeconds = 7 * 24 * 3600

/** Signs and reads the session cookie: `name.expires.signature`, all in base64url. Nothing is kept on the server. */
export interface Sessions {
  /** Value of a `Set-Cookie` header that logs `name` in. HttpOnly: no script of any page can read it. */
  cookieFor(name: string): string
  /** Whose session a `Cookie` header carries. */
  nameIn(cookieHeader: string | undefined): string | undefined
}

/** Sessions under one key; `now` answers Unix milliseconds. */
export function createSessions(key: string, now: () => number = Date.now): Sessions {
  const sign = (text: string) => createHmac('sha256', key).update(text).digest('base64url')

  return {
    cookieFor: (name) => {
      const expires = Math.floor(now() / 1000) + maxAgeSeconds
      const body = `${Buffer.from(name).toString('base64url')}.${expires}`
      return `${cookieName}=${body}.${sign(body)}; Path=/; HttpOnly; SameSite=Lax; Max-Age=${maxAgeSeconds}`
    },
    nameIn: (cookieHeader) => {
      const [name = '', expires = '', signature = ''] = valueIn(cookieHeader).split('.')
      if (!isEqual(signature, sign(`${name}.${expires}`))) return undefined
      if (Number(expires) * 1000 < now()) return undefined
      return Buffer.from(name, 'base64url').toString()
    },
  }
}

/** Value of a `Set-Cookie` header that logs out. */
export const clearedCookie = `${cookieName}=; Path=/; HttpOnly; SameSite=Lax; Max-Age=0`

/** Compares in a time that does not depend on where the texts differ. */
export function isEqual(one: string, other: string): boolean {
  const digest = (text: string) => createHmac('sha256', 'compare').update(text).digest()
  return timingSafeEqual(digest(one), digest(other))
}

function valueIn(cookieHeader: string | undefined): string {
  for (const cookie of (cookieHeader ?? '').split(';')) {
    const [name, value] = cookie.trim().split('=', 2)
    if (name === cookieName && value !== undefined) return value
  }
  return ''
}
