import { isAscii, isUtf8 } from 'node:buffer'
import type { EventBlock } from '@hepscope/shared/event/block.ts'
import { FLAG, TEXT, type TextColumn } from '@hepscope/shared/event/columns.ts'

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
 * Where the texts of a block's rows are if some of them had to be repaired.
 *
 * Every text is valid UTF-8 without NUL, as SQL text must be: other bytes become U+FFFD, and folded header lines
 * are joined. A payload that had to be changed so is also there as it was (`rawAt`, `rawLength`).
 */
export interface RepairedTexts {
  /** The block's arena, and behind it what had to be made. */
  readonly bytes: Uint8Array
  /** The same memory, all of it. */
  readonly words: Uint32Array
  /** `row + column * rows`, as in the block. */
  readonly textAt: Uint32Array
  readonly textLength: Uint32Array
  readonly payloadAt: Uint32Array
  readonly payloadLength: Uint32Array
  /** Length 0: the payload is all in its text. */
  readonly rawAt: Uint32Array
  readonly rawLength: Uint32Array
}

/** Repair the texts of a block. @returns undefined if all are fine as they are, which is the rule */
export function repairTexts(block: EventBlock): RepairedTexts | undefined {
  const { arena } = block
  if (isAscii(arena) && !arena.includes(NUL) && !hasFold(arena)) return undefined
  const repair = new TextRepair(block)
  return repair.isNeeded ? repair.result : undefined
}

/** Looks at each row of a block whose arena is not plain ASCII, or has folded lines. */
class TextRepair {
  readonly #block: EventBlock
  readonly #textAt: Uint32Array
  readonly #textLength: Uint32Array
  readonly #payloadAt: Uint32Array
  readonly #payloadLength: Uint32Array
  readonly #rawAt: Uint32Array
  readonly #rawLength: Uint32Array
  #bytes: Uint8Array
  #length: number

  constructor(block: EventBlock) {
    this.#block = block
    this.#bytes = block.arena
    this.#length = block.arena.length
    this.#textAt = block.textAt.slice()
    this.#textLength = Uint32Array.from(block.textLength)
    this.#payloadAt = block.payloadAt.slice()
    this.#payloadLength = block.payloadLength.slice()
    this.#rawAt = new Uint32Array(block.rows)
    this.#rawLength = new Uint32Array(block.rows)
    for (let row = 0; row < block.count; row++) {
      const columns = this.#repairPayload(row) ? OUTSIDE : CHECKED
      for (const column of columns) this.#repairText(row, column)
    }
  }

  /** True if something was made. */
  isNeeded = false

  get result(): RepairedTexts {
    const bytes = new Uint8Array((this.#length + 3) & ~3)
    bytes.set(this.#bytes.subarray(0, this.#length))
    return {
      bytes,
      words: new Uint32Array(bytes.buffer),
      textAt: this.#textAt,
      textLength: this.#textLength,
      payloadAt: this.#payloadAt,
      payloadLength: this.#payloadLength,
      rawAt: this.#rawAt,
      rawLength: this.#rawLength,
    }
  }

  /** @returns true if the payload cannot hold a text that needs repair */
  #repairPayload(row: number): boolean {
    const payload = this.#block.payload(row)
    const isCompressed = ((this.#block.flags[row] ?? 0) & FLAG.compressedPayload) !== 0
    const hasNul = payload.includes(NUL)
    if (isCompressed || hasNul || !isUtf8(payload)) {
      this.#rawAt[row] = this.#payloadAt[row] ?? 0
      this.#rawLength[row] = payload.length
      const text = isCompressed ? NO_BYTES : encoder.encode(lossyText(payload))
      this.#payloadAt[row] = this.#place(text)
      this.#payloadLength[row] = text.length
      return false
    }
    return isAscii(payload) && !hasFold(payload)
  }

  #repairText(row: number, column: TextColumn): void {
    const block = this.#block
    const bytes = block.textBytes(column, row)
    if (isPlain(bytes)) return
    const text = encoder.encode(block.text(column, row).replaceAll('\0', '\ufffd'))
    const i = row + column * block.rows
    this.#textAt[i] = this.#place(text)
    this.#textLength[i] = text.length
  }

  #place(text: Uint8Array): number {
    const at = this.#length
    if (!this.isNeeded || at + text.length > this.#bytes.length) {
      const grown = new Uint8Array(at + Math.max(text.length, at >> 1))
      grown.set(this.#bytes.subarray(0, at))
      this.#bytes = grown
      this.isNeeded = true
    }
    this.#bytes.set(text, at)
    this.#length = at + text.length
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
