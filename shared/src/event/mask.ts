import { EventBlock } from './block.ts'
import { FLAG } from './columns.ts'

const LF = 0x0a
const COLON = 0x3a
const STAR = 0x2a
const encoder = new TextEncoder()

/**
 * The block with the values of some SIP header fields made unreadable: each byte becomes `*`, so that every offset and
 * length stays. The block itself is left as it is, and returned if there is nothing to hide.
 *
 * @param names of header fields in lower case, e.g. `proxy-authorization`
 */
export function maskHeaders(block: EventBlock, names: readonly string[]): EventBlock {
  if (names.length === 0) return block
  const wanted = names.map((name) => encoder.encode(name))
  let masked: EventBlock | undefined
  for (let row = 0; row < block.count; row++) {
    if (((block.flags[row] ?? 0) & FLAG.sip) === 0) continue
    for (const [from, to] of valuesIn(block.payload(row), wanted)) {
      masked ??= new EventBlock(new Uint8Array(block.bytes))
      masked.payload(row).fill(STAR, from, to)
    }
  }
  return masked ?? block
}

/** Where the values of the header fields lie, folded lines included (RFC 3261 section 7.3.1). */
function valuesIn(message: Uint8Array, names: readonly Uint8Array[]): [from: number, to: number][] {
  const found: [number, number][] = []
  let isInside = false
  let at = message.indexOf(LF) + 1
  while (at > 0 && at < message.length) {
    const next = message.indexOf(LF, at)
    const end = next < 0 ? message.length : next
    const isFolded = message[at] === 0x20 || message[at] === 0x09
    const valueAt = isFolded ? at + 1 : valueOf(message, at, end, names)
    if (!isFolded) isInside = valueAt > 0
    const isEmptyLine = end === at || (end === at + 1 && message[at] === 0x0d)
    if (isEmptyLine) break
    const textEnd = message[end - 1] === 0x0d ? end - 1 : end
    if (isInside && textEnd > valueAt) found.push([valueAt, textEnd])
    at = next + 1
  }
  return found
}

/** Where the value of a header line begins if it is one of the named, else 0. */
function valueOf(message: Uint8Array, at: number, end: number, names: readonly Uint8Array[]): number {
  const colon = message.subarray(at, end).indexOf(COLON)
  if (colon < 0) return 0
  let length = colon
  while (length > 0 && isBlank(message[at + length - 1])) length--
  const isNamed = names.some(
    (name) => name.length === length && name.every((byte, i) => byte === lowerCase(message[at + i] ?? 0)),
  )
  if (!isNamed) return 0
  let valueAt = at + colon + 1
  while (isBlank(message[valueAt])) valueAt++
  return valueAt
}

function isBlank(byte: number | undefined): boolean {
  return byte === 0x20 || byte === 0x09
}

function lowerCase(byte: number): number {
  return byte >= 0x41 && byte <= 0x5a ? byte | 0x20 : byte
}
