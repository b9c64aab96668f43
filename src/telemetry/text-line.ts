/** One line of the log as pino gives it. */
export type LogRecord = Readonly<Record<string, unknown>>

const ownFields = new Set(['time', 'level', 'msg'])

/** C0, DEL, C1, line separators, bidi controls and marks, zero-width and byte order marks, lone surrogates. */
const unprintable =
  // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what is looked for
  /[\u0000-\u001f\u007f-\u009f\u061c\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff\ud800-\udfff]/gu

/** Shows what would move the cursor, start a new line or turn text around as `\uXXXX`. */
export function escapeText(text: string): string {
  return text.replace(
    unprintable,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
  )
}

/** `2026-01-31T12:00:00.000Z WARN  text key=value other="two words"`, one line for people. */
export function toTextLine(record: LogRecord): string {
  const head = `${record['time']} ${String(record['level']).toUpperCase().padEnd(5)} ${escapeText(String(record['msg']))}`
  const fields = Object.entries(record)
    .filter(([name]) => !ownFields.has(name))
    .map(([name, value]) => `${escapeText(name)}=${showValue(value)}`)
  return `${[head, ...fields].join(' ')}\n`
}

function showValue(value: unknown): string {
  const text = typeof value === 'string' ? value : (JSON.stringify(value) ?? '')
  const isBare = text !== '' && !/[\s"=\\]/.test(text)
  return isBare ? escapeText(text) : `"${escapeText(text).replaceAll('"', '\\"')}"`
}
