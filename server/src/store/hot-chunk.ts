import duckdb from '@duckdb/node-bindings'
import { BIGINT, BLOB, DuckDBDataChunk, type DuckDBType, TIMESTAMP, UINTEGER, UUID, VARCHAR } from '@duckdb/node-api'
import type { EventBlock } from '@hepscope/shared/event/block.ts'
import { MAX_ROWS, TEXT } from '@hepscope/shared/event/columns.ts'
import { METHODS, OTHER_METHOD } from '@hepscope/shared/sip/methods.ts'
import type { BlockTexts } from './block-texts.ts'
import { hashNode, writeEventUuid } from './event-uuid.ts'
import { type ColumnType, type HotColumn, hotColumnsOf, type TableKind } from './schema.ts'

const TYPES: Readonly<Record<ColumnType, DuckDBType>> = { UUID, TIMESTAMP, BIGINT, UINTEGER, VARCHAR, BLOB }

/** DuckDB's `string_t`: 16 bytes; a text of up to 12 is inside, of a longer one the first 4 and its address. */
const STRING_WORDS = 4
const INLINE_BYTES = 12
const TWO_POW_32 = 0x100000000

const METHOD_BYTES = METHODS.map((name) => new TextEncoder().encode(name))

/**
 * The texts of one block in memory that DuckDB owns, where its vectors can point.
 *
 * One copy of all bytes instead of a call for each text: a call costs about 250 ns, and a row has more than twenty.
 * The memory is good until the next `load`; DuckDB copies what it keeps when a chunk is appended.
 */
export class TextMemory {
  readonly #carrier = DuckDBDataChunk.create([BLOB], 1)
  low = 0
  high = 0

  load(texts: BlockTexts): void {
    this.#carrier.reset()
    this.#carrier.rowCount = 1
    const vector = duckdb.data_chunk_get_vector(this.#carrier.chunk, 0)
    // Up to 12 bytes would lie inside the vector and have no address.
    const bytes = texts.bytes.subarray(0, Math.max(texts.length, STRING_WORDS * 4))
    duckdb.vector_assign_string_element_len(vector, 0, bytes)
    const entry = duckdb.vector_get_data(vector, STRING_WORDS * 4)
    const view = new DataView(entry.buffer, entry.byteOffset, entry.length)
    this.low = view.getUint32(8, true)
    this.high = view.getUint32(12, true)
  }
}

/** One DuckDB chunk with the columns of a hot table, filled from rows of a block. Reused. */
export class HotChunk {
  readonly chunk: DuckDBDataChunk
  readonly #columns: readonly HotColumn[]
  /** One column at a time is made here and then copied into its vector. */
  readonly #words = new Uint32Array(MAX_ROWS * STRING_WORDS)
  readonly #bytes = new Uint8Array(this.#words.buffer)
  readonly #validity = new Uint8Array(MAX_ROWS / 8)

  constructor(kind: TableKind) {
    this.#columns = hotColumnsOf(kind)
    this.chunk = DuckDBDataChunk.create(this.#columns.map(({ type }) => TYPES[type]))
  }

  /**
   * Replace what the chunk holds.
   *
   * @param rows numbers of the block's rows; the first `count` are taken
   * @param memory holds `texts`, which are of `block`
   */
  fill(block: EventBlock, texts: BlockTexts, memory: TextMemory, rows: Uint16Array, count: number): void {
    const { chunk } = this
    chunk.reset()
    chunk.rowCount = count
    for (const [i, column] of this.#columns.entries()) {
      const vector = duckdb.data_chunk_get_vector(chunk.chunk, i)
      const bytes = this.#fillColumn(column, block, texts, memory, rows, count)
      duckdb.copy_data_to_vector(vector, 0, this.#words.buffer, 0, bytes)
      if (column.fill.kind === 'payloadRaw') this.#setValidity(vector, texts, rows, count)
    }
  }

  /** @returns how many bytes of `#words` the column takes */
  #fillColumn(
    { fill }: HotColumn,
    block: EventBlock,
    texts: BlockTexts,
    memory: TextMemory,
    rows: Uint16Array,
    count: number,
  ): number {
    switch (fill.kind) {
      case 'text':
      case 'bytes': {
        const from = fill.column * block.rows
        const to = from + block.rows
        return this.#texts(
          texts,
          memory,
          rows,
          count,
          texts.textAt.subarray(from, to),
          texts.textLength.subarray(from, to),
        )
      }
      case 'payload':
        return this.#texts(texts, memory, rows, count, texts.payloadAt, texts.payloadLength)
      case 'payloadRaw':
        return this.#texts(texts, memory, rows, count, texts.rawAt, texts.rawLength)
      case 'srcIp':
        return this.#texts(texts, memory, rows, count, texts.srcIpAt, texts.srcIpLength)
      case 'dstIp':
        return this.#texts(texts, memory, rows, count, texts.dstIpAt, texts.dstIpLength)
      case 'node':
        return this.#node(block, texts, memory, count)
      case 'methodName':
        return this.#methodNames(block, texts, memory, rows, count)
      case 'number':
        return this.#numbers(block[fill.column], rows, count)
      case 'timestamp':
        return this.#wide(rows, count, (row) => block.tsUs[row] ?? 0)
      case 'epoch':
        return this.#wide(rows, count, () => block.epoch)
      case 'seq':
        return this.#wide(rows, count, (row) => block.seq(row))
      case 'uuid':
        return this.#uuids(block, rows, count)
    }
  }

  #texts(
    texts: BlockTexts,
    memory: TextMemory,
    rows: Uint16Array,
    count: number,
    at: Uint32Array,
    length: Uint32Array | Uint16Array,
  ): number {
    for (let i = 0; i < count; i++) {
      const row = rows[i] ?? 0
      this.#setText(i, texts.bytes, at[row] ?? 0, length[row] ?? 0, memory)
    }
    return count * STRING_WORDS * 4
  }

  /** The node's name opens the arena. */
  #node(block: EventBlock, texts: BlockTexts, memory: TextMemory, count: number): number {
    const length = Buffer.byteLength(block.node)
    for (let i = 0; i < count; i++) this.#setText(i, texts.bytes, 0, length, memory)
    return count * STRING_WORDS * 4
  }

  #methodNames(block: EventBlock, texts: BlockTexts, memory: TextMemory, rows: Uint16Array, count: number): number {
    const other = TEXT.methodOther * block.rows
    for (let i = 0; i < count; i++) {
      const row = rows[i] ?? 0
      const method = block.method[row] ?? 0
      if (method === OTHER_METHOD) {
        this.#setText(i, texts.bytes, texts.textAt[row + other] ?? 0, texts.textLength[row + other] ?? 0, memory)
      } else {
        const name = METHOD_BYTES[method] ?? new Uint8Array(0)
        this.#setText(i, name, 0, name.length, memory)
      }
    }
    return count * STRING_WORDS * 4
  }

  /** @param source must be the loaded texts if `length` is above 12 */
  #setText(i: number, source: Uint8Array, at: number, length: number, memory: TextMemory): void {
    const words = this.#words
    const word = i * STRING_WORDS
    words[word] = length
    if (length <= INLINE_BYTES) {
      words[word + 1] = words[word + 2] = words[word + 3] = 0
      const bytes = this.#bytes
      const to = word * 4 + 4
      for (let k = 0; k < length; k++) bytes[to + k] = source[at + k] ?? 0
      return
    }
    const address = memory.low + at
    words[word + 1] =
      (source[at] ?? 0) | ((source[at + 1] ?? 0) << 8) | ((source[at + 2] ?? 0) << 16) | ((source[at + 3] ?? 0) << 24)
    words[word + 2] = address
    words[word + 3] = address < TWO_POW_32 ? memory.high : memory.high + 1
  }

  #numbers(values: Uint8Array | Uint16Array | Uint32Array, rows: Uint16Array, count: number): number {
    for (let i = 0; i < count; i++) this.#words[i] = values[rows[i] ?? 0] ?? 0
    return count * 4
  }

  /** 64-bit numbers of whole values from 0 to 2^53. */
  #wide(rows: Uint16Array, count: number, valueOf: (row: number) => number): number {
    for (let i = 0; i < count; i++) {
      const value = valueOf(rows[i] ?? 0)
      this.#words[2 * i] = value % TWO_POW_32
      this.#words[2 * i + 1] = Math.floor(value / TWO_POW_32)
    }
    return count * 8
  }

  /** DuckDB keeps a UUID as a 128-bit number, least significant word first, with the top bit turned over. */
  #uuids(block: EventBlock, rows: Uint16Array, count: number): number {
    const nodeHash = hashNode(block.node)
    const uuid = new Uint32Array(4)
    for (let i = 0; i < count; i++) {
      writeEventUuid(uuid, 0, nodeHash, block.epoch, block.seq(rows[i] ?? 0))
      const word = i * 4
      this.#words[word] = uuid[3] ?? 0
      this.#words[word + 1] = uuid[2] ?? 0
      this.#words[word + 2] = uuid[1] ?? 0
      this.#words[word + 3] = (uuid[0] ?? 0) ^ 0x80000000
    }
    return count * 16
  }

  #setValidity(vector: duckdb.Vector, texts: BlockTexts, rows: Uint16Array, count: number): void {
    const validity = this.#validity.fill(0)
    if (texts.rawCount > 0) {
      for (let i = 0; i < count; i++) {
        if ((texts.rawLength[rows[i] ?? 0] ?? 0) > 0) validity[i >> 3] = (validity[i >> 3] ?? 0) | (1 << (i & 7))
      }
    }
    duckdb.vector_ensure_validity_writable(vector)
    // DuckDB keeps validity in words of 64 bits.
    duckdb.copy_data_to_vector_validity(vector, 0, validity.buffer, 0, Math.ceil(count / 64) * 8)
  }
}
