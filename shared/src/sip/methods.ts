/** SIP methods by their number in an EventBlock: 0 is none, `OTHER_METHOD` one that is not in the table. */
export const METHODS = [
  '',
  'INVITE',
  'ACK',
  'BYE',
  'CANCEL',
  'OPTIONS',
  'REGISTER',
  'PRACK',
  'SUBSCRIBE',
  'NOTIFY',
  'PUBLISH',
  'INFO',
  'REFER',
  'MESSAGE',
  'UPDATE',
] as const

export const OTHER_METHOD = 255

/** Number of a method, upper case as RFC 3261 section 7.1 demands; `OTHER_METHOD` if it is not in the table. */
export function methodNumber(name: string): number {
  if (name === '') return 0
  const number = (METHODS as readonly string[]).indexOf(name)
  return number < 0 ? OTHER_METHOD : number
}

/** Names back to back, `NAME_BYTES` each; and the number of the one method with a given length and first letter. */
const NAME_BYTES = 16
const NAMES = new Uint8Array(METHODS.length * NAME_BYTES)
const CANDIDATES = new Uint8Array(NAME_BYTES * 32)
for (const [number, name] of METHODS.entries()) {
  if (number === 0) continue
  NAMES.set(new TextEncoder().encode(name), number * NAME_BYTES)
  CANDIDATES[name.length * 32 + (name.charCodeAt(0) & 31)] = number
}

/** `methodNumber` of a token in bytes; makes no string. */
export function methodNumberAt(bytes: Uint8Array, at: number, end: number): number {
  const length = end - at
  if (length === 0) return 0
  const number = length < NAME_BYTES ? (CANDIDATES[length * 32 + ((bytes[at] ?? 0) & 31)] ?? 0) : 0
  if (number === 0) return OTHER_METHOD
  const name = number * NAME_BYTES
  for (let i = 0; i < length; i++) if (bytes[at + i] !== NAMES[name + i]) return OTHER_METHOD
  return number
}
