import type { EventBlock } from '../event/block.ts'
import { FLAG, TEXT, type TextColumn } from '../event/columns.ts'
import { hashBytes, mix } from '../bytes/hash.ts'
import { unfold } from '../sip/summary.ts'
import { Observers } from './observers.ts'
import { isSameBytes, TextCache } from '../bytes/text-cache.ts'

/**
 * One row of a block as the numbers that the call model compares: texts, endpoints and observers are hashes, so
 * that no string is made per event.
 *
 * Reused for every row; `read` moves it.
 */
export class RowReader {
  block: EventBlock
  row = 0
  tsUs = 0
  flags = 0
  /** Number in `METHODS`. */
  method = 0
  /** 0 for a request. */
  statusCode = 0
  cseq = 0
  /** Hashes of the sending and the receiving address and port. */
  source = 0
  destination = 0
  /** Hash of the branch of the topmost Via. */
  branch = 0
  #source: Uint32Array
  #destination: Uint32Array
  readonly #observers = new Observers()
  readonly #cache = new TextCache()

  /** A reader at row 0 of `block`. */
  constructor(block: EventBlock) {
    this.block = block
    this.#source = addressWords(block.srcIpBytes(0), block.rows)
    this.#destination = addressWords(block.dstIpBytes(0), block.rows)
    this.read(block, 0)
  }

  read(block: EventBlock, row: number): void {
    if (block !== this.block) {
      this.block = block
      this.#source = addressWords(block.srcIpBytes(0), block.rows)
      this.#destination = addressWords(block.dstIpBytes(0), block.rows)
    }
    this.row = row
    this.tsUs = block.tsUs[row] ?? 0
    this.flags = block.flags[row] ?? 0
    this.method = block.method[row] ?? 0
    this.statusCode = block.statusCode[row] ?? 0
    this.cseq = block.cseqNumber[row] ?? 0
    this.source = endpointHash(this.#source, row, block.srcPort[row] ?? 0)
    this.destination = endpointHash(this.#destination, row, block.dstPort[row] ?? 0)
    this.branch = this.hash(TEXT.branch)
  }

  get isRequest(): boolean {
    return (this.flags & FLAG.request) !== 0
  }

  /** Hash of a text column; 0 if it is absent. */
  hash(column: TextColumn): number {
    const block = this.block
    const i = this.row + column * block.rows
    const length = block.textLength[i] ?? 0
    if (length === 0) return 0
    const at = block.textAt[i] ?? 0
    return hashBytes(block.arena, at, at + length) || 1
  }

  has(column: TextColumn): boolean {
    return this.block.hasText(column, this.row)
  }

  text(column: TextColumn): string {
    return this.block.text(column, this.row)
  }

  /** Text that many rows share, such as a host. */
  commonText(column: TextColumn): string {
    const { block } = this
    const i = this.row + column * block.rows
    const at = block.textAt[i] ?? 0
    const text = this.#cache.text(block.arena, at, at + (block.textLength[i] ?? 0))
    return text.includes('\n') ? unfold(text) : text
  }

  /** Text that is likely the same as `other`, which then stands for both. */
  textLike(column: TextColumn, other: string): string {
    const { block } = this
    const i = this.row + column * block.rows
    const at = block.textAt[i] ?? 0
    return isSameBytes(other, block.arena, at, at + (block.textLength[i] ?? 0)) ? other : this.text(column)
  }

  get fromTag(): number {
    return this.hash(TEXT.fromTag)
  }

  get toTag(): number {
    return this.hash(TEXT.toTag)
  }

  /** Number of who saw the event. */
  get observer(): number {
    return this.#observers.numberOf(this.block, this.row)
  }

  /**
   * What all sendings of one message have in common, as a whole number of 52 bits: both endpoints, the branch,
   * method, CSeq, status code and To tag: a proxy passes on the answers of all forks in one transaction. The next
   * hop's is another, and that is no repeat.
   */
  get fingerprint(): number {
    const way = mix(mix(this.branch, this.source), this.destination)
    const what = mix(mix(mix(this.statusCode, this.method), this.cseq), this.toTag)
    return ((what ^ (way >>> 9)) & 0xfffff) * 0x1_0000_0000 + (mix(way, what) >>> 0)
  }
}

/** All addresses of a column as four words per row, from a view of its first row. */
function addressWords(first: Uint8Array, rows: number): Uint32Array {
  return new Uint32Array(first.buffer, first.byteOffset, rows * 4)
}

function endpointHash(words: Uint32Array, row: number, port: number): number {
  const at = row * 4
  let hash = mix(port, words[at] ?? 0)
  hash = mix(hash, words[at + 1] ?? 0)
  hash = mix(hash, words[at + 2] ?? 0)
  return mix(hash, words[at + 3] ?? 0)
}
