/** What `JSON.parse` may return. */
export type JsonValue = string | number | boolean | null | readonly JsonValue[] | JsonObject
export interface JsonObject {
  readonly [name: string]: JsonValue
}

/** Members of a JSON object by name in lower case: senders of one format differ in case. Of two alike the first counts. */
export type Members = ReadonlyMap<string, JsonValue>

const utf8 = new TextDecoder()
const MAX_NUMBER_CHARS = 40
/** No format nests deeper; whoever walks over a value may then recurse. */
const MAX_DEPTH = 32
const QUOTE = 0x22
const BACKSLASH = 0x5c
const OPEN_BRACKET = 0x5b
const CLOSE_BRACKET = 0x5d
const OPEN_BRACE = 0x7b
const CLOSE_BRACE = 0x7d
/**
 * Strings are matched so that commas inside them are not. One without an end reaches to the end: else each quote in it
 * would be tried as the begin of another.
 */
const STRING_OR_LAST_COMMA = /"(?:[^"\\]|\\[^])*(?:"|\\?$)|,(?=\s*[\]}])/g

/**
 * Text of a payload: bytes that are not UTF-8 become U+FFFD, NULs at the end are left out.
 */
export function payloadText(bytes: Uint8Array): string {
  let end = bytes.length
  while (end > 0 && bytes[end - 1] === 0) end--
  return utf8.decode(bytes.subarray(0, end))
}

/**
 * Read a payload as one JSON object.
 *
 * Some senders leave a comma before a closing bracket; that is passed over.
 *
 * @returns undefined if it is none, or is nested over 32 deep
 */
export function parseJsonObject(bytes: Uint8Array): JsonObject | undefined {
  let at = 0
  while (at < bytes.length && (bytes[at] ?? 0) <= 0x20) at++
  if (bytes[at] !== OPEN_BRACE || !isShallow(bytes)) return undefined
  const text = payloadText(bytes)
  const value = parseJson(text) ?? parseJson(text.replace(STRING_OR_LAST_COMMA, (part) => (part === ',' ? '' : part)))
  return isJsonObject(value) ? value : undefined
}

function isShallow(bytes: Uint8Array): boolean {
  let depth = 0
  let isInString = false
  for (let at = 0; at < bytes.length && depth <= MAX_DEPTH; at++) {
    const byte = bytes[at]
    if (byte === QUOTE) isInString = !isInString
    else if (byte === BACKSLASH) at++
    else if (isInString) continue
    else if (byte === OPEN_BRACE || byte === OPEN_BRACKET) depth++
    else if (byte === CLOSE_BRACE || byte === CLOSE_BRACKET) depth--
  }
  return depth <= MAX_DEPTH
}

function parseJson(text: string): JsonValue | undefined {
  try {
    return JSON.parse(text) as JsonValue
  } catch {
    return undefined
  }
}

export function isJsonObject(value: JsonValue | undefined): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

export function membersOf(object: JsonObject): Members {
  const members = new Map<string, JsonValue>()
  for (const [name, value] of Object.entries(object)) {
    const key = name.toLowerCase()
    if (!members.has(key)) members.set(key, value)
  }
  return members
}

/** The first of `names` (lower case) that is there and not null. */
export function memberOf(members: Members, ...names: readonly string[]): JsonValue | undefined {
  for (const name of names) {
    const value = members.get(name)
    if (value !== undefined && value !== null) return value
  }
  return undefined
}

/** A number, also one that was written as a string. */
export function numberOf(members: Members, ...names: readonly string[]): number | undefined {
  return toNumber(memberOf(members, ...names))
}

/** An unsigned 32-bit number, also one that was written as a signed one. */
export function uint32Of(members: Members, ...names: readonly string[]): number | undefined {
  const value = toNumber(memberOf(members, ...names))
  return value === undefined || Math.abs(value) > 0xffffffff ? undefined : Math.trunc(value) >>> 0
}

/** A text or a number as text; undefined if empty. */
export function textOf(members: Members, ...names: readonly string[]): string | undefined {
  const value = memberOf(members, ...names)
  if (typeof value === 'number') return String(value)
  return typeof value === 'string' && value !== '' ? value : undefined
}

export function objectOf(members: Members, ...names: readonly string[]): Members | undefined {
  const value = memberOf(members, ...names)
  return isJsonObject(value) ? membersOf(value) : undefined
}

/** The objects of a list; one object that stands alone is a list of one. */
export function objectsOf(members: Members, ...names: readonly string[]): Members[] {
  const value = memberOf(members, ...names)
  const list: readonly JsonValue[] = Array.isArray(value)
    ? (value as readonly JsonValue[])
    : value === undefined
      ? []
      : [value]
  return list.filter((item) => isJsonObject(item)).map(membersOf)
}

/** A finite number from a JSON number or from text such as `-12`, `3.5` or `0x1F`. */
export function toNumber(value: JsonValue | undefined): number | undefined {
  if (typeof value === 'number') return Number.isFinite(value) ? value : undefined
  if (typeof value !== 'string' || value.length > MAX_NUMBER_CHARS || value.trim() === '') return undefined
  const number = Number(value)
  return Number.isFinite(number) ? number : undefined
}

type MayBeUndefined<T> = { [K in keyof T]: object extends Pick<T, K> ? T[K] | undefined : T[K] }

/** Leaves out what is undefined, so that a member is absent rather than there without a value. */
export function present<T extends object>(members: MayBeUndefined<T>): T {
  return Object.fromEntries(Object.entries(members).filter(([, value]) => value !== undefined)) as T
}
