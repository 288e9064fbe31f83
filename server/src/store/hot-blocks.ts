import type { EventBlock } from '@hepscope/shared/event/block.ts'
import { type ColumnLayout, columnLayout, MAX_ROWS, type TextColumn } from '@hepscope/shared/event/columns.ts'
import { type RepairedTexts, repairTexts } from './block-texts.ts'
import { hashNode } from './event-uuid.ts'
import type { TextSource } from './text-source.ts'

/**
 * A block whose rows are hot: four views of its bytes instead of the twenty of an `EventBlock`, because there may be
 * tens of thousands of small ones.
 */
export class HotBlock {
  /** Number of its first row among all hot rows: rows that came later have greater ones. */
  readonly firstRid: number
  readonly count: number
  readonly bytes: Uint8Array
  readonly shorts: Uint16Array
  readonly words: Uint32Array
  readonly layout: ColumnLayout
  readonly arenaAt: number
  /** The node's name opens the arena. */
  readonly nodeLength: number
  readonly nodeHash: number
  readonly epoch: number
  readonly firstSeq: number
  /** Undefined if the block's texts are fine as they are. */
  readonly repaired: RepairedTexts | undefined

  constructor(block: EventBlock, firstRid: number) {
    const { bytes, count, epoch, firstSeq, node } = block
    this.firstRid = firstRid
    this.count = count
    this.bytes = bytes
    this.shorts = new Uint16Array(bytes.buffer, bytes.byteOffset, bytes.byteLength >> 1)
    this.words = new Uint32Array(bytes.buffer, bytes.byteOffset, bytes.byteLength >> 2)
    this.layout = layoutOf(count)
    this.arenaAt = this.layout.arenaAt
    this.nodeLength = Buffer.byteLength(node)
    this.nodeHash = hashOf(node)
    this.epoch = epoch
    this.firstSeq = firstSeq
    this.repaired = repairTexts(block)
  }

  /** Where `textAt` and `payloadAt` count from. */
  get texts(): TextSource {
    return this.repaired ?? this
  }

  textAt(column: TextColumn, row: number): number {
    const i = row + column * this.layout.rows
    if (this.repaired !== undefined) return this.repaired.textAt[i] ?? 0
    return this.arenaAt + (this.words[(this.layout.textAt >> 2) + i] ?? 0)
  }

  textLength(column: TextColumn, row: number): number {
    const i = row + column * this.layout.rows
    if (this.repaired !== undefined) return this.repaired.textLength[i] ?? 0
    return this.shorts[(this.layout.textLength >> 1) + i] ?? 0
  }

  payloadAt(row: number): number {
    if (this.repaired !== undefined) return this.repaired.payloadAt[row] ?? 0
    return this.arenaAt + (this.words[(this.layout.payloadAt >> 2) + row] ?? 0)
  }

  payloadLength(row: number): number {
    if (this.repaired !== undefined) return this.repaired.payloadLength[row] ?? 0
    return this.words[(this.layout.payloadLength >> 2) + row] ?? 0
  }
}

/** Layouts by number of rows: they are the same in all blocks of a size. */
const layouts: (ColumnLayout | undefined)[] = []

function layoutOf(count: number): ColumnLayout {
  return (layouts[count] ??= columnLayout(count))
}

/** The last node's: it hardly ever changes. */
let lastNode = { name: '', hash: hashNode('') }

function hashOf(name: string): number {
  if (lastNode.name !== name) lastNode = { name, hash: hashNode(name) }
  return lastNode.hash
}

/** The blocks whose rows are hot, by number. */
export class HotBlocks {
  readonly #blocks = new Map<number, HotBlock>()
  #nextNumber = 1

  add(block: EventBlock): HotBlock {
    const number = this.#nextNumber++
    const hot = new HotBlock(block, number * MAX_ROWS)
    this.#blocks.set(number, hot)
    return hot
  }

  /** The block of the rows from `number * MAX_ROWS` on. */
  get(number: number): HotBlock | undefined {
    return this.#blocks.get(number)
  }

  remove(blocks: readonly HotBlock[]): void {
    for (const { firstRid } of blocks) this.#blocks.delete(firstRid / MAX_ROWS)
  }
}
