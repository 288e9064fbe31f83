import { formatIp } from '@hepscope/shared/net/ip.ts'
import { textSource, type TextSource } from './text-source.ts'

const SLOTS = 1024

/** A text from the beginning of its source. */
export interface AddressText {
  readonly source: TextSource
  readonly length: number
}

const NO_ADDRESS: AddressText = { source: textSource(new Uint8Array(0)), length: 0 }

/** Texts of the addresses that were met last; two that want the same slot replace each other. */
export class AddressTexts {
  readonly #size = new Uint8Array(SLOTS)
  readonly #ips = new Uint8Array(SLOTS * 16)
  readonly #texts = new Array<AddressText>(SLOTS).fill(NO_ADDRESS)

  /**
   * Text of the address at `at`, in ASCII.
   *
   * @param size 4 or 16
   */
  textOf(bytes: Uint8Array, at: number, size: number): AddressText {
    let hash = size
    for (let i = 0; i < size; i++) hash = Math.imul(hash ^ (bytes[at + i] ?? 0), 0x01000193)
    const slot = (hash ^ (hash >>> 15)) & (SLOTS - 1)
    const base = slot * 16
    let isHit = this.#size[slot] === size
    for (let i = 0; isHit && i < size; i++) isHit = this.#ips[base + i] === bytes[at + i]
    if (!isHit) {
      this.#size[slot] = size
      this.#ips.set(bytes.subarray(at, at + size), base)
      const text = Buffer.from(formatIp(bytes, at, size))
      this.#texts[slot] = { source: textSource(text), length: text.length }
    }
    return this.#texts[slot] ?? NO_ADDRESS
  }
}
