const QUOTE = 0x22
const BACKSLASH = 0x5c
const OPEN = 0x7b
const CLOSE = 0x7d
const COLON = 0x3a
const COMMA = 0x2c
const LOWER_U = 0x75
const MAX_MEMBERS = 64

const utf8 = new TextEncoder()
const text = new TextDecoder()

/** What stands for a byte behind a backslash, by the character. */
const ESCAPES: ReadonlyMap<number, number> = new Map([
  [QUOTE, QUOTE],
  [BACKSLASH, BACKSLASH],
  [0x2f, 0x2f],
  [0x62, 0x08],
  [0x66, 0x0c],
  [0x6e, 0x0a],
  [0x72, 0x0d],
  [0x74, 0x09],
])

export type StringMember = readonly [name: string, value: Uint8Array]

/**
 * Read a JSON object whose values are all strings, byte by byte: OpenSIPS copies what is not UTF-8 into its JSON as it
 * is, and a decoder of text would lose it.
 *
 * @returns the members in their order, values unescaped; undefined if it is not such an object, or has over 64 members
 */
export function readStringMembers(bytes: Uint8Array): StringMember[] | undefined {
  const reader = new Reader(bytes)
  if (!reader.take(OPEN)) return undefined
  const members: StringMember[] = []
  if (reader.take(CLOSE)) return members
  while (members.length < MAX_MEMBERS) {
    const name = reader.string()
    if (name === undefined || !reader.take(COLON)) return undefined
    const value = reader.string()
    if (value === undefined) return undefined
    members.push([text.decode(name), value])
    if (reader.take(CLOSE)) return members
    if (!reader.take(COMMA)) return undefined
  }
  return undefined
}

class Reader {
  readonly #bytes: Uint8Array
  #at = 0

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes
  }

  /** Whether this byte comes next, behind white space; it is then passed over. */
  take(byte: number): boolean {
    while (isSpace(this.#bytes[this.#at])) this.#at++
    if (this.#bytes[this.#at] !== byte) return false
    this.#at++
    return true
  }

  /** The next string without its quotes and escapes. */
  string(): Uint8Array | undefined {
    if (!this.take(QUOTE)) return undefined
    const from = this.#at
    let end = from
    while (end < this.#bytes.length && this.#bytes[end] !== QUOTE) end += this.#bytes[end] === BACKSLASH ? 2 : 1
    if (end >= this.#bytes.length) return undefined
    this.#at = end + 1
    return unescape(this.#bytes.subarray(from, end))
  }
}

function unescape(bytes: Uint8Array): Uint8Array | undefined {
  if (!bytes.includes(BACKSLASH)) return bytes
  // An escape is never shorter than what it stands for.
  const out = new Uint8Array(bytes.length)
  let length = 0
  for (let at = 0; at < bytes.length; at++) {
    const byte = bytes[at] ?? 0
    if (byte !== BACKSLASH) {
      out[length++] = byte
      continue
    }
    const escaped = bytes[++at] ?? 0
    if (escaped === LOWER_U) {
      const end = unicodeEnd(bytes, at)
      if (end === undefined) return undefined
      const character = utf8.encode(JSON.parse(`"${text.decode(bytes.subarray(at - 1, end))}"`) as string)
      out.set(character, length)
      length += character.length
      at = end - 1
    } else {
      const plain = ESCAPES.get(escaped)
      if (plain === undefined) return undefined
      out[length++] = plain
    }
  }
  return out.subarray(0, length)
}

/** Where one `\uXXXX`, or two that are halves of a character, end. @param at of the first `u` */
function unicodeEnd(bytes: Uint8Array, at: number): number | undefined {
  const first = text.decode(bytes.subarray(at, at + 5))
  if (!/^u[0-9a-f]{4}$/i.test(first)) return undefined
  const second = text.decode(bytes.subarray(at + 5, at + 11))
  const isPair = /^ud[89ab]/i.test(first) && /^\\ud[c-f][0-9a-f]{2}$/i.test(second)
  return isPair ? at + 11 : at + 5
}

function isSpace(byte: number | undefined): boolean {
  return byte === 0x20 || byte === 0x09 || byte === 0x0a || byte === 0x0d
}
