import { createInterface } from 'node:readline/promises'

/** Print lines on standard output; the exit code that says it went well. */
export function printLines(lines: readonly string[]): 0 {
  process.stdout.write(lines.map((line) => `${line}\n`).join(''))
  return 0
}

/** The first line of standard input; `''` if there is none. */
export async function readLine(): Promise<string> {
  const lines = createInterface({ input: process.stdin })
  for await (const line of lines) return line
  return ''
}
