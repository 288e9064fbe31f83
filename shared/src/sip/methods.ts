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

const ENCODED = METHODS.map((name) => new TextEncoder().encode(name))

/** `methodNumber` of a token in bytes; makes no string. */
export function methodNumberAt(bytes: Uint8Array, at: number, end: number): number {
  const length = end - at
  if (length === 0) return 0
  for (let number = 1; number < ENCODED.length; number++) {
    const name = ENCODED[number]
    if (name === undefined || name.length !== length || name[0] !== bytes[at]) continue
    let i = 1
    while (i < length && name[i] === bytes[at + i]) i++
    if (i === length) return number
  }
  return OTHER_METHOD
}
