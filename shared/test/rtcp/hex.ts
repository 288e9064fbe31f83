/** Bytes from hex digits; white space and what follows `#` in a line is for the reader. */
export function hex(text: string): Uint8Array {
  const digits = text.replace(/#.*/g, '').replace(/\s/g, '')
  return Uint8Array.from(digits.match(/../g) ?? [], (pair) => parseInt(pair, 16))
}
