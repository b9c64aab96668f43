import { createHmac, timingSafeEqual } from 'node:crypto'

/** Name of the session cookie. */
const cookieName = 'demo_session'

const maxAgeSeconds = 7 * 24 * 3600
const tokenAgeSeconds = 3600

/** What a signed text is for: one kind never passes for the other. */
type Purpose = 'session' | 'talk'

/**
 * Who is logged in: `name.expires.signature`, all in base64url, as a cookie for this app's pages or as a token for other
 * clients. Nothing is kept on the server.
 */
export interface Sessions {
  /** Value of a `Set-Cookie` header that logs `name` in. HttpOnly: no script of any page can read it. */
  cookieFor(name: string): string
  /** Whose session a `Cookie` header carries. */
  nameIn(cookieHeader: string | undefined): string | undefined
  /** What a user gives to a Hipochat client in place of the cookie; good for an hour, and for nothing else. */
  tokenFor(name: string): string
  /** Whose token it is. */
  nameOfToken(token: string): string | undefined
}

/** Sessions under one key; `now` answers Unix milliseconds. */
export function createSessions(key: string, now: () => number = Date.now): Sessions {
  const sign = (purpose: Purpose, text: string) =>
    createHmac('sha256', key).update(`${purpose}.${text}`).digest('base64url')

  const seal = (purpose: Purpose, name: string, ageSeconds: number) => {
    const expires = Math.floor(now() / 1000) + ageSeconds
    const body = `${Buffer.from(name).toString('base64url')}.${expires}`
    return `${body}.${sign(purpose, body)}`
  }

  const open = (purpose: Purpose, text: string) => {
    const [name = '', expires = '', signature = ''] = text.split('.')
    if (!isEqual(signature, sign(purpose, `${name}.${expires}`))) return undefined
    if (Number(expires) * 1000 < now()) return undefined
    return Buffer.from(name, 'base64url').toString()
  }

  return {
    cookieFor: (name) => {
      const value = seal('session', name, maxAgeSeconds)
      return `${cookieName}=${value}; Path=/; HttpOnly; SameSite=Lax; Max-Age=${maxAgeSeconds}`
    },
    nameIn: (cookieHeader) => open('session', valueIn(cookieHeader)),
    tokenFor: (name) => seal('talk', name, tokenAgeSeconds),
    nameOfToken: (token) => open('talk', token),
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
