/** Beginnings that a spreadsheet takes for a formula. */
const FORMULA_START = /^[=+\-@\t\r]/
/** A number, or a telephone number in digits: begins like a formula and is none. */
const PLAIN_NUMBER = /^[+-]?\d+(\.\d+)?$/

/**
 * Lines of CSV with a line of names on top.
 *
 * Text that a spreadsheet would take for a formula gets an apostrophe in front, for what is captured comes from
 * strangers; a telephone number stays as it is.
 *
 * @see RFC 4180
 */
export function csvText(names: readonly string[], lines: readonly (readonly (string | number)[])[]): string {
  return [names, ...lines].map((line) => `${line.map(csvCell).join(',')}\r\n`).join('')
}

function csvCell(value: string | number): string {
  const text = String(value)
  const safe = FORMULA_START.test(text) && !PLAIN_NUMBER.test(text) ? `'${text}` : text
  return /[",\r\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe
}
