import duckdb from '@duckdb/node-bindings'
import {
  BIGINT,
  BLOB,
  type DuckDBConnection,
  DuckDBScalarFunction,
  type DuckDBType,
  INTEGER,
  STRUCT,
  UINTEGER,
  UUID,
  VARCHAR,
} from '@duckdb/node-api'
import { FLAG, MAX_ROWS, TEXT, type TextColumn } from '@hepscope/shared/event/columns.ts'
import { METHODS, OTHER_METHOD } from '@hepscope/shared/sip/methods.ts'
import { AddressTexts } from './address-texts.ts'
import { writeEventUuid } from './event-uuid.ts'
import type { HotBlock, HotBlocks } from './hot-blocks.ts'
import {
  type Fill,
  HOT_COLUMNS,
  HOT_FUNCTIONS,
  hotColumnsOf,
  type HotFunction,
  type NumberColumn,
  wholeRow,
} from './hot-columns.ts'
import { textSource } from './text-source.ts'
import { TextVector, VECTOR_ROWS } from './text-vector.ts'

const TYPES: Readonly<Record<HotFunction, DuckDBType>> = {
  hot_text: VARCHAR,
  hot_bytes: BLOB,
  hot_number: UINTEGER,
  hot_uuid: UUID,
}
/** Block numbers in the upper half of a row id, for each 2^32 in it. */
const HIGH_BLOCKS = 0x100000000 / MAX_ROWS
const ROW_MASK = MAX_ROWS - 1
const ROW_BITS = Math.log2(MAX_ROWS)

const NO_TEXT = textSource(new Uint8Array(0))
const METHOD_TEXTS = METHODS.map((name) => ({ length: name.length, source: textSource(Buffer.from(name)) }))

/**
 * SQL functions that read hot rows where they are, in their blocks: those of `(rid, column)` one column, those of `(rid)`
 * all of them.
 *
 * So an insert copies no text, and a query only what it asks for. DuckDB calls them from its own threads for up to
 * 2,048 rows at a time and waits for this one, so this one must never wait for DuckDB: of all calls into it only the
 * appender's are synchronous, and they take no lock that a query holds while it computes.
 */
export class HotFunctions {
  readonly #blocks: HotBlocks
  readonly #texts = new TextVector()
  readonly #addresses = new AddressTexts()
  /** Block and row of each row of the call. */
  readonly #blockOf: HotBlock[] = []
  readonly #rowOf = new Uint16Array(VECTOR_ROWS)
  readonly #words = new Uint32Array(VECTOR_ROWS * 4)
  readonly #validity = new Uint8Array(VECTOR_ROWS / 8)

  constructor(blocks: HotBlocks) {
    this.#blocks = blocks
  }

  /** Make the functions known to the connection's database, for as long as it is open. */
  register(connection: DuckDBConnection): void {
    for (const name of HOT_FUNCTIONS) {
      const definition = define(name, TYPES[name])
      definition.addParameter(INTEGER)
      // Not `setMainFunction`: it makes objects for each value.
      duckdb.scalar_function_set_function(definition.scalar_function, (_, input, output) => {
        const count = this.#find(input)
        const column = columnOf(input)
        // SQL of admins can ask for any, and the vector has room for values of one type.
        if (HOT_COLUMNS[column]?.read !== name) throw new Error(`${name} reads no column ${column}`)
        this.#fill(column, output, count)
      })
      connection.registerScalarFunction(definition)
      definition.destroySync()
    }
    for (const isSip of [true, false]) {
      const columns = hotColumnsOf(isSip)
      const types = Object.fromEntries(columns.map(({ name, read }) => [name, TYPES[read]]))
      const definition = define(wholeRow(isSip), STRUCT(types))
      duckdb.scalar_function_set_function(definition.scalar_function, (_, input, output) => {
        const count = this.#find(input)
        columns.forEach((_, i) => this.#fill(i, duckdb.struct_vector_get_child(output, i), count))
      })
      connection.registerScalarFunction(definition)
      definition.destroySync()
    }
  }

  /** Fill a vector with a column of the rows found. */
  #fill(column: number, vector: duckdb.Vector, count: number): void {
    const fill = HOT_COLUMNS[column]?.fill
    if (fill === undefined) throw new Error('no such column of hot rows')
    switch (fill.kind) {
      case 'number':
        this.#numbers(fill.column, count)
        duckdb.copy_data_to_vector(vector, 0, this.#words.buffer, 0, count * 4)
        break
      case 'uuid':
        this.#uuids(count)
        duckdb.copy_data_to_vector(vector, 0, this.#words.buffer, 0, count * 16)
        break
      default:
        this.#collect(fill, count)
        this.#texts.moveTo(vector, count)
        if (fill.kind === 'payloadRaw') this.#setValidity(vector, count)
    }
  }

  /**
   * Note block and row of each row id, and return how many there are.
   *
   * @throws if there is no such row: its block was let go of while somebody reads it
   */
  #find(input: duckdb.DataChunk): number {
    const count = duckdb.data_chunk_get_size(input)
    const data = duckdb.vector_get_data(duckdb.data_chunk_get_vector(input, 0), count * 8)
    const words = new Uint32Array(data.buffer, data.byteOffset, count * 2)
    let number = -1
    let block: HotBlock | undefined
    for (let i = 0; i < count; i++) {
      const low = words[2 * i] ?? 0
      const next = (words[2 * i + 1] ?? 0) * HIGH_BLOCKS + (low >>> ROW_BITS)
      if (next !== number) {
        number = next
        block = this.#blocks.get(number)
      }
      if (block === undefined) throw new Error(`the hot block ${number} is gone`)
      const row = low & ROW_MASK
      if (row >= block.count) throw new Error(`the hot block ${number} has no row ${row}`)
      this.#blockOf[i] = block
      this.#rowOf[i] = row
    }
    this.#blockOf.length = count
    return count
  }

  #collect(fill: TextFill, count: number): void {
    for (let i = 0; i < count; i++) {
      const block = this.#blockOf[i]
      if (block === undefined) continue
      const row = this.#rowOf[i] ?? 0
      switch (fill.kind) {
        case 'text':
        case 'bytes':
          this.#setText(i, block, fill.column, row)
          break
        case 'payload':
          this.#texts.set(i, block.texts, block.payloadAt(row), block.payloadLength(row))
          break
        case 'payloadRaw':
          this.#setRaw(i, block, row)
          break
        case 'srcIp':
          this.#setAddress(i, block, block.layout.srcIp, row)
          break
        case 'dstIp':
          this.#setAddress(i, block, block.layout.dstIp, row)
          break
        case 'node':
          this.#texts.set(i, block, block.arenaAt, block.nodeLength)
          break
        case 'methodName':
          this.#setMethod(i, block, row)
      }
    }
  }

  #setText(i: number, block: HotBlock, column: TextColumn, row: number): void {
    this.#texts.set(i, block.texts, block.textAt(column, row), block.textLength(column, row))
  }

  #setRaw(i: number, { repaired }: HotBlock, row: number): void {
    const length = repaired?.rawLength[row] ?? 0
    this.#texts.set(i, repaired ?? NO_TEXT, repaired?.rawAt[row] ?? 0, length)
    const bit = 1 << (i & 7)
    const flags = this.#validity[i >> 3] ?? 0
    this.#validity[i >> 3] = length > 0 ? flags | bit : flags & ~bit
  }

  #setAddress(i: number, { bytes, words, layout }: HotBlock, column: number, row: number): void {
    const flags = words[(layout.flags >> 2) + row] ?? 0
    const size = (flags & FLAG.ipv4) !== 0 ? 4 : (flags & FLAG.ipv6) !== 0 ? 16 : 0
    if (size === 0) {
      this.#texts.set(i, NO_TEXT, 0, 0)
      return
    }
    const { source, length } = this.#addresses.textOf(bytes, column + row * 16, size)
    this.#texts.set(i, source, 0, length)
  }

  #setMethod(i: number, block: HotBlock, row: number): void {
    const method = block.bytes[block.layout.method + row] ?? 0
    const name = METHOD_TEXTS[method]
    if (method === OTHER_METHOD || name === undefined) this.#setText(i, block, TEXT.methodOther, row)
    else this.#texts.set(i, name.source, 0, name.length)
  }

  #numbers(column: NumberColumn, count: number): void {
    for (let i = 0; i < count; i++) {
      const block = this.#blockOf[i]
      if (block === undefined) continue
      this.#words[i] = numberAt(block, column, this.#rowOf[i] ?? 0)
    }
  }

  /** DuckDB keeps a UUID as a 128-bit number, least significant word first, with the top bit turned over. */
  #uuids(count: number): void {
    const uuid = new Uint32Array(4)
    for (let i = 0; i < count; i++) {
      const block = this.#blockOf[i]
      if (block === undefined) continue
      const { layout, words, firstSeq, nodeHash, epoch } = block
      const seq = firstSeq + (words[(layout.seqDelta >> 2) + (this.#rowOf[i] ?? 0)] ?? 0)
      writeEventUuid(uuid, 0, nodeHash, epoch, seq)
      const word = i * 4
      this.#words[word] = uuid[3] ?? 0
      this.#words[word + 1] = uuid[2] ?? 0
      this.#words[word + 2] = uuid[1] ?? 0
      this.#words[word + 3] = (uuid[0] ?? 0) ^ 0x80000000
    }
  }

  #setValidity(vector: duckdb.Vector, count: number): void {
    duckdb.vector_ensure_validity_writable(vector)
    // DuckDB keeps validity in words of 64 bits.
    duckdb.copy_data_to_vector_validity(vector, 0, this.#validity.buffer, 0, Math.ceil(count / 64) * 8)
  }
}

function define(name: string, type: DuckDBType): DuckDBScalarFunction {
  const definition = new DuckDBScalarFunction()
  definition.setName(name)
  definition.addParameter(BIGINT)
  definition.setReturnType(type)
  return definition
}

/** The second argument of a call, the same in all rows. */
function columnOf(input: duckdb.DataChunk): number {
  const data = duckdb.vector_get_data(duckdb.data_chunk_get_vector(input, 1), 4)
  return new DataView(data.buffer, data.byteOffset, 4).getInt32(0, true)
}

/** Fills of the columns that are VARCHAR or BLOB. */
type TextFill = Exclude<Fill, { readonly kind: 'number' | 'uuid' }>

function numberAt({ bytes, shorts, words, layout }: HotBlock, column: NumberColumn, row: number): number {
  switch (column) {
    case 'agentId':
    case 'flags':
    case 'cseqNumber':
      return words[(layout[column] >> 2) + row] ?? 0
    case 'srcPort':
    case 'dstPort':
    case 'statusCode':
      return shorts[(layout[column] >> 1) + row] ?? 0
    case 'ipProtocol':
    case 'hepVersion':
      return bytes[layout[column] + row] ?? 0
  }
}
