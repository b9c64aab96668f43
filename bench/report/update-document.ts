import { readFileSync, writeFileSync } from 'node:fs'

const start = '<!-- figures -->'
const end = '<!-- /figures -->'

/** Puts `markdown` between the two figures comments of a document. Throws where it has none. */
export function updateDocument(file: string, markdown: string): void {
  writeFileSync(file, replaceFigures(readFileSync(file, 'utf8'), markdown))
}

/** The document with other figures. Throws where it has no place for them. */
export function replaceFigures(document: string, markdown: string): string {
  const from = document.indexOf(start)
  const to = document.indexOf(end)
  if (from === -1 || to < from) throw new Error(`no ${start} … ${end} in the document`)
  return `${document.slice(0, from + start.length)}\n\n${markdown}\n${document.slice(to)}`
}
