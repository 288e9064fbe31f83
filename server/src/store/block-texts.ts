import { isAscii, isUtf8 } from 'node:buffer'
import type { EventBlock } from '@hepscope/shared/event/block.ts'
import { FLAG, MAX_ROWS, TEXT, type TextColumn } from '@hepscope/shared/event/columns.ts'
import { formatIp } from '@hepscope/shared/net/ip.ts'

const CACHE_SLOTS = 256
const SPARE_BYTES = 0x10000
const NUL = 0x00
const LF = 0x0a
const NO_BYTES = new Uint8Array(0)

const encoder = new TextEncoder()
const lossyUtf8 = new TextDecoder('utf-8', { ignoreBOM: true })

/** Texts that lie outside the payload, so that a plain payload says nothing about them. */
const OUTSIDE: readonly TextColumn[] = [TEXT.correlationId, TEXT.agentName]
/** `extra` is stored as bytes. */
const CHECKED: readonly TextColumn[] = Object.values(TEXT).filter((column) => column !== TEXT.extra)

/**
 * Where the texts of a block's rows are, in one run of bytes: the block's arena, and behind it what had to be made.
 * Reused for block after block.
 *
 * Every text is valid UTF-8 without NUL, as SQL text must be: other bytes become U+FFFD, and folded header lines
 * are joined. A payload that had to be changed so is also there as it was (`rawAt`, `rawLength`).
 */
export class BlockTexts {
  /** Valid up to `length`. */
  bytes = new Uint8Array(1 << 20)
  length = 0
  /** `row + column * rows`, as in the block. */
  textAt: Uint32Array = new Uint32Array(0)
  textLength: Uint32Array | Uint16Array = new Uint32Array(0)
  payloadAt: Uint32Array = new Uint32Array(0)
  payloadLength: Uint32Array = new Uint32Array(0)
  /** Length 0: the payload is all in its text. */
  readonly rawAt = new Uint32Array(MAX_ROWS)
  readonly rawLength = new Uint32Array(MAX_ROWS)
  rawCount = 0
  readonly srcIpAt = new Uint32Array(MAX_ROWS)
  readonly srcIpLength = new Uint32Array(MAX_ROWS)
  readonly dstIpAt = new Uint32Array(MAX_ROWS)
  readonly dstIpLength = new Uint32Array(MAX_ROWS)
  readonly #cache = new AddressCache()

  load(block: EventBlock): void {
    const { arena } = block
    if (this.bytes.length < arena.length + SPARE_BYTES) this.bytes = new Uint8Array(arena.length + 4 * SPARE_BYTES)
    this.bytes.set(arena)
    this.length = arena.length
    this.textAt = block.textAt
    this.textLength = block.textLength
    this.payloadAt = block.payloadAt
    this.payloadLength = block.payloadLength
    this.rawLength.fill(0, 0, block.count)
    this.rawCount = 0
    if (!isAscii(arena) || arena.includes(NUL) || hasFold(arena)) this.#repair(block)
    this.#cache.clear()
    for (let row = 0; row < block.count; row++) {
      const flags = block.flags[row] ?? 0
      const size = (flags & FLAG.ipv4) !== 0 ? 4 : (flags & FLAG.ipv6) !== 0 ? 16 : 0
      this.#placeIp(block.srcIpBytes(row), size, row, this.srcIpAt, this.srcIpLength)
      this.#placeIp(block.dstIpBytes(row), size, row, this.dstIpAt, this.dstIpLength)
    }
  }

  #placeIp(ip: Uint8Array, size: number, row: number, at: Uint32Array, length: Uint32Array): void {
    if (size === 0) {
      length[row] = 0
      return
    }
    const cache = this.#cache
    const slot = cache.find(ip, size)
    if (!cache.isHit) {
      const text = encoder.encode(formatIp(ip, 0, size))
      cache.at[slot] = this.#place(text)
      cache.length[slot] = text.length
    }
    at[row] = cache.at[slot] ?? 0
    length[row] = cache.length[slot] ?? 0
  }

  /** Look at each row of a block whose arena is not plain ASCII, or has folded lines. */
  #repair(block: EventBlock): void {
    this.textAt = this.textAt.slice()
    this.textLength = Uint32Array.from(this.textLength)
    this.payloadAt = this.payloadAt.slice()
    this.payloadLength = this.payloadLength.slice()
    for (let row = 0; row < block.count; row++) {
      const columns = this.#repairPayload(block, row) ? OUTSIDE : CHECKED
      for (const column of columns) this.#repairText(block, row, column)
    }
  }

  /** @returns true if the payload cannot hold a text that needs repair */
  #repairPayload(block: EventBlock, row: number): boolean {
    const payload = block.payload(row)
    const isCompressed = ((block.flags[row] ?? 0) & FLAG.compressedPayload) !== 0
    const hasNul = payload.includes(NUL)
    if (isCompressed || hasNul || !isUtf8(payload)) {
      this.rawAt[row] = this.payloadAt[row] ?? 0
      this.rawLength[row] = payload.length
      if (payload.length > 0) this.rawCount++
      const text = isCompressed ? NO_BYTES : encoder.encode(lossyText(payload))
      this.payloadAt[row] = this.#place(text)
      this.payloadLength[row] = text.length
      return false
    }
    return isAscii(payload) && !hasFold(payload)
  }

  #repairText(block: EventBlock, row: number, column: TextColumn): void {
    const bytes = block.textBytes(column, row)
    if (isPlain(bytes)) return
    const text = encoder.encode(block.text(column, row).replaceAll('\0', '\ufffd'))
    const i = row + column * block.rows
    this.textAt[i] = this.#place(text)
    this.textLength[i] = text.length
  }

  #place(text: Uint8Array): number {
    const at = this.length
    if (at + text.length > this.bytes.length) {
      const grown = new Uint8Array(2 * (at + text.length))
      grown.set(this.bytes)
      this.bytes = grown
    }
    this.bytes.set(text, at)
    this.length = at + text.length
    return at
  }
}

function lossyText(bytes: Uint8Array): string {
  return lossyUtf8.decode(bytes).replaceAll('\0', '\ufffd')
}

/** Visible ASCII on one line; anything else is decoded and looked at as text. */
function isPlain(bytes: Uint8Array): boolean {
  for (let i = 0; i < bytes.length; i++) {
    const byte = bytes[i] ?? 0
    if (byte >= 0x80 || byte === NUL || byte === LF) return false
  }
  return true
}

/** A line that begins with a space or a tab goes on with the one before it (RFC 3261 section 7.3.1). */
function hasFold(bytes: Uint8Array): boolean {
  const view = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length)
  return view.includes('\n ') || view.includes('\n\t')
}

/** Where the texts of the addresses are that were met last; two that want the same slot replace each other. */
class AddressCache {
  readonly at = new Uint32Array(CACHE_SLOTS)
  readonly length = new Uint32Array(CACHE_SLOTS)
  /** Of the last `find`. */
  isHit = false
  readonly #size = new Uint8Array(CACHE_SLOTS)
  readonly #bytes = new Uint8Array(CACHE_SLOTS * 16)

  clear(): void {
    this.#size.fill(0)
  }

  /** Slot of an address; if it was not there, it is now, and the caller fills in `at` and `length`. */
  find(ip: Uint8Array, size: number): number {
    let hash = size
    for (let i = 0; i < size; i++) hash = Math.imul(hash ^ (ip[i] ?? 0), 0x01000193)
    const slot = (hash ^ (hash >>> 15)) & (CACHE_SLOTS - 1)
    const base = slot * 16
    let isHit = this.#size[slot] === size
    for (let i = 0; isHit && i < size; i++) isHit = this.#bytes[base + i] === ip[i]
    if (!isHit) {
      this.#size[slot] = size
      for (let i = 0; i < size; i++) this.#bytes[base + i] = ip[i] ?? 0
    }
    this.isHit = isHit
    return slot
  }
}
