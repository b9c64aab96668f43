/**
 * Version 1's `datetime`: `YYYY-MM-DDTHH:MM:SS` without zone, in the server's local time (spec/hookbox.md §2).
 */
export function formatLocalTime(ms: number): string {
  const second = Math.floor(ms / 1000)
  if (second !== lastSecond) {
    lastSecond = second
    lastText = build(new Date(ms))
  }
  return lastText
}

/** Version 2's: RFC 3339, UTC, milliseconds. */
export function formatUtc(ms: number): string {
  if (ms !== lastMs) {
    lastMs = ms
    lastUtc = new Date(ms).toISOString()
  }
  return lastUtc
}

let lastMs = Number.NaN
let lastUtc = ''

// Entries of one burst share their second: formatting a Date costs more than the rest of a frame.
let lastSecond = Number.NaN
let lastText = ''

function build(date: Date): string {
  const day = `${date.getFullYear()}-${pad(date.getMonth() + 1)}-${pad(date.getDate())}`
  return `${day}T${pad(date.getHours())}:${pad(date.getMinutes())}:${pad(date.getSeconds())}`
}

function pad(value: number): string {
  return value < 10 ? `0${value}` : String(value)
}
