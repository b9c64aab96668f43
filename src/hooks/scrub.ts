const shown = 200

/** Replaces every value in a text before it is printed, in all spellings a page may echo it in. */
export type Scrub = (text: string) => string

/** `secrets` and the values of the `Cookie` header become `***`, longest first (spec/safety.md §6). */
export function createScrub(secrets: readonly string[], cookies = ''): Scrub {
  const values = new Set<string>()
  for (const value of [...secrets, ...cookieValues(cookies)])
    for (const spelling of spellings(value)) if (spelling !== '') values.add(spelling)
  const longestFirst = [...values].sort((a, b) => b.length - a.length)
  return (text) => longestFirst.reduce((rest, value) => rest.replaceAll(value, '***'), text)
}

/** The first 200 characters of what came, scrubbed before it is cut so that no half of a secret stays. */
export function excerpt(body: Buffer, scrub: Scrub): string {
  // A secret that begins within what is shown may end well behind it.
  const text = scrub(body.subarray(0, 64 * 1024).toString('utf8'))
    .replace(/\s+/g, ' ')
    .trim()
  return text.length > shown ? `${text.slice(0, shown).toWellFormed()}…` : text
}

function cookieValues(header: string): string[] {
  return header.split(';').map((pair) => {
    const value = pair.includes('=') ? pair.slice(pair.indexOf('=') + 1).trim() : ''
    return value.replace(/^"(.*)"$/, '$1')
  })
}

function spellings(value: string): string[] {
  const html = value.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;')
  const quoted = html.replaceAll('"', '&quot;').replaceAll("'", '&#39;')
  const json = JSON.stringify(value).slice(1, -1)
  return [
    value,
    encodeURIComponent(value.toWellFormed()),
    new URLSearchParams({ v: value }).toString().slice(2),
    decoded(value),
    html,
    quoted,
    quoted.replaceAll('&#39;', '&#x27;'),
    json,
    json.replaceAll('/', '\\/'),
  ]
}

function decoded(value: string): string {
  try {
    return decodeURIComponent(value)
  } catch (error) {
    // Not percent-encoded: there is no other spelling.
    if (error instanceof URIError) return ''
    throw error
  }
}
