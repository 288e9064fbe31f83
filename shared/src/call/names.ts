import { hashBytes } from '../bytes/hash.ts'
import { isSameBytes } from '../bytes/text-cache.ts'

/** A Call-ID, or another id by which legs name each other, and whom it leads to. */
export class Name<Leg, Call> {
  readonly hash: number
  /** The name's bytes, one character each. For ASCII that is the name. */
  readonly key: string
  /** The leg with this Call-ID; undefined while it was only named. */
  leg: Leg | undefined
  call: Call
  /** Another name with the same hash. */
  next: Name<Leg, Call> | undefined
  /** Another name that leads to the same call. */
  nextOfCall: Name<Leg, Call> | undefined

  constructor(hash: number, key: string, call: Call) {
    this.hash = hash
    this.key = key
    this.call = call
  }
}

/** Finds names by their bytes, so that looking one up makes no string. */
export class NameTable<Leg, Call> {
  readonly #chains = new Map<number, Name<Leg, Call>>()

  find(bytes: Uint8Array, at: number, end: number): Name<Leg, Call> | undefined {
    let name = this.#chains.get(hashBytes(bytes, at, end))
    while (name !== undefined && !isEqual(name.key, bytes, at, end)) name = name.next
    return name
  }

  /**
   * Add a name that `find` did not find.
   *
   * @param text the same as a string
   */
  add(bytes: Uint8Array, at: number, end: number, text: string, call: Call): Name<Leg, Call> {
    const hash = hashBytes(bytes, at, end)
    const key = isSameBytes(text, bytes, at, end) ? text : keyOf(bytes, at, end)
    const name = new Name<Leg, Call>(hash, key, call)
    name.next = this.#chains.get(hash)
    this.#chains.set(hash, name)
    return name
  }

  remove(name: Name<Leg, Call>): void {
    let other = this.#chains.get(name.hash)
    if (other === name) {
      if (name.next === undefined) this.#chains.delete(name.hash)
      else this.#chains.set(name.hash, name.next)
      return
    }
    while (other !== undefined && other.next !== name) other = other.next
    if (other !== undefined) other.next = name.next
  }

  clear(): void {
    this.#chains.clear()
  }
}

function isEqual(key: string, bytes: Uint8Array, at: number, end: number): boolean {
  if (key.length !== end - at) return false
  for (let i = 0; i < key.length; i++) if (key.charCodeAt(i) !== bytes[at + i]) return false
  return true
}

function keyOf(bytes: Uint8Array, at: number, end: number): string {
  const parts: string[] = []
  for (let i = at; i < end; i += 1024) parts.push(String.fromCharCode(...bytes.subarray(i, Math.min(end, i + 1024))))
  return parts.join('')
}
