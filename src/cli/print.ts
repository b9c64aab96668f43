/** Prints one line for whoever started Offhook. */
export function printLine(line: string): void {
  process.stdout.write(`${line}\n`)
}

/** Prints one line about what is wrong. */
export function printError(line: string): void {
  process.stderr.write(`offhook: ${line}\n`)
}
