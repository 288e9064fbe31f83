import { formatIp } from '../net/ip.ts'
import { METHODS, OTHER_METHOD } from '../sip/methods.ts'
import { unfold } from '../sip/summary.ts'
import {
  BLOCK_MAGIC,
  columnLayout,
  FLAG,
  HEADER,
  HEADER_BYTES,
  MAX_ROWS,
  TEXT,
  TEXT_COLUMNS,
  type TextColumn,
} from './columns.ts'

const utf8 = new TextDecoder('utf-8', { ignoreBOM: true })

export type BlockFault = 'too-short' | 'bad-magic' | 'bad-length' | 'bad-offset'

/**
 * Up to 1,024 decoded events as columns in one buffer. It never changes after it was sealed.
 *
 * The same bytes are the ring's segment, the block log's record, the message between nodes and the browser's
 * binary format; `docs/frames.md` holds the layout.
 */
export class EventBlock {
  /** All bytes of the block; may be a part of a larger buffer. */
  readonly bytes: Uint8Array
  readonly count: number
  /** Name of the node that captured the events. */
  readonly node: string
  /** Start of that node, milliseconds since 1970: `seq` counts from 1 in each epoch. */
  readonly epoch: number
  readonly firstSeq: number
  readonly sealedUs: number
  readonly minTsUs: number
  readonly maxTsUs: number
  /** Whole microseconds since 1970. */
  readonly tsUs: Float64Array
  readonly seqDelta: Uint32Array
  readonly agentId: Uint32Array
  /** Bits of `FLAG`. */
  readonly flags: Uint32Array
  readonly cseqNumber: Uint32Array
  readonly payloadAt: Uint32Array
  readonly payloadLength: Uint32Array
  readonly srcPort: Uint16Array
  readonly dstPort: Uint16Array
  /** 0 for a request and for what is not SIP. */
  readonly statusCode: Uint16Array
  /** HEP protocol type. */
  readonly proto: Uint8Array
  readonly ipProtocol: Uint8Array
  /** Number in `METHODS`. */
  readonly method: Uint8Array
  readonly hepVersion: Uint8Array
  readonly arena: Uint8Array
  /** `row + column * rows` finds a text. */
  readonly textAt: Uint32Array
  readonly textLength: Uint16Array
  readonly rows: number
  readonly #srcIp: Uint8Array
  readonly #dstIp: Uint8Array

  /** A block from bytes that are known to be one: the writer's own. For others see `readBlock`. */
  constructor(bytes: Uint8Array) {
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
    const count = view.getUint32(HEADER.count, true)
    const layout = columnLayout(count)
    const rows = layout.rows
    const buffer = bytes.buffer
    const base = bytes.byteOffset
    this.bytes = bytes
    this.count = count
    this.rows = rows
    this.epoch = view.getFloat64(HEADER.epoch, true)
    this.firstSeq = view.getFloat64(HEADER.firstSeq, true)
    this.sealedUs = view.getFloat64(HEADER.sealedUs, true)
    this.minTsUs = view.getFloat64(HEADER.minTsUs, true)
    this.maxTsUs = view.getFloat64(HEADER.maxTsUs, true)
    this.tsUs = new Float64Array(buffer, base + layout.tsUs, rows)
    this.seqDelta = new Uint32Array(buffer, base + layout.seqDelta, rows)
    this.agentId = new Uint32Array(buffer, base + layout.agentId, rows)
    this.flags = new Uint32Array(buffer, base + layout.flags, rows)
    this.cseqNumber = new Uint32Array(buffer, base + layout.cseqNumber, rows)
    this.payloadAt = new Uint32Array(buffer, base + layout.payloadAt, rows)
    this.payloadLength = new Uint32Array(buffer, base + layout.payloadLength, rows)
    this.textAt = new Uint32Array(buffer, base + layout.textAt, rows * TEXT_COLUMNS)
    this.textLength = new Uint16Array(buffer, base + layout.textLength, rows * TEXT_COLUMNS)
    this.srcPort = new Uint16Array(buffer, base + layout.srcPort, rows)
    this.dstPort = new Uint16Array(buffer, base + layout.dstPort, rows)
    this.statusCode = new Uint16Array(buffer, base + layout.statusCode, rows)
    this.proto = new Uint8Array(buffer, base + layout.proto, rows)
    this.ipProtocol = new Uint8Array(buffer, base + layout.ipProtocol, rows)
    this.method = new Uint8Array(buffer, base + layout.method, rows)
    this.hepVersion = new Uint8Array(buffer, base + layout.hepVersion, rows)
    this.#srcIp = new Uint8Array(buffer, base + layout.srcIp, rows * 16)
    this.#dstIp = new Uint8Array(buffer, base + layout.dstIp, rows * 16)
    const arenaAt = view.getUint32(HEADER.arenaAt, true)
    this.arena = bytes.subarray(arenaAt, arenaAt + view.getUint32(HEADER.arenaLength, true))
    this.node = utf8.decode(this.arena.subarray(0, view.getUint16(HEADER.nodeLength, true)))
  }

  get lastSeq(): number {
    return this.seq(this.count - 1)
  }

  seq(row: number): number {
    return this.firstSeq + (this.seqDelta[row] ?? 0)
  }

  /** Address as text, or `''` when the packet named none. */
  srcIp(row: number): string {
    return this.#ip(this.#srcIp, row)
  }

  dstIp(row: number): string {
    return this.#ip(this.#dstIp, row)
  }

  /** 16 bytes, IPv4 in the first four: a view. */
  srcIpBytes(row: number): Uint8Array {
    return this.#srcIp.subarray(row * 16, row * 16 + 16)
  }

  dstIpBytes(row: number): Uint8Array {
    return this.#dstIp.subarray(row * 16, row * 16 + 16)
  }

  /** Request method, or the CSeq method of a response; `''` if there is none. */
  methodName(row: number): string {
    const method = this.method[row] ?? 0
    return method === OTHER_METHOD ? this.text(TEXT.methodOther, row) : (METHODS[method] ?? '')
  }

  hasText(column: TextColumn, row: number): boolean {
    return (this.textLength[row + column * this.rows] ?? 0) > 0
  }

  /** Text of a column, `''` if absent. Folded lines are joined; bytes that are not UTF-8 become U+FFFD. */
  text(column: TextColumn, row: number): string {
    const bytes = this.textBytes(column, row)
    if (bytes.length === 0) return ''
    const text = utf8.decode(bytes)
    return text.includes('\n') ? unfold(text) : text
  }

  /** Bytes of a text column as they were on the wire: a view. */
  textBytes(column: TextColumn, row: number): Uint8Array {
    const i = row + column * this.rows
    const at = this.textAt[i] ?? 0
    return this.arena.subarray(at, at + (this.textLength[i] ?? 0))
  }

  /** Payload bytes: a view, empty if there is none. */
  payload(row: number): Uint8Array {
    const at = this.payloadAt[row] ?? 0
    return this.arena.subarray(at, at + (this.payloadLength[row] ?? 0))
  }

  #ip(column: Uint8Array, row: number): string {
    const flags = this.flags[row] ?? 0
    if ((flags & FLAG.ipv4) !== 0) return formatIp(column, row * 16, 4)
    return (flags & FLAG.ipv6) !== 0 ? formatIp(column, row * 16, 16) : ''
  }
}

/**
 * The block of another thread's writer, with the place in the node's order that it has now got.
 *
 * @param bytes of one block, known to be one; its header is changed
 */
export function withFirstSeq(bytes: Uint8Array, firstSeq: number): EventBlock {
  new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength).setFloat64(HEADER.firstSeq, firstSeq, true)
  return new EventBlock(bytes)
}

/**
 * Read a block that came from elsewhere: a socket or a file.
 *
 * @param bytes may be longer than the block (a log segment); need not be aligned, but is copied if it is not
 * @returns the block, whose offsets all lie inside it, or what is wrong
 */
export function readBlock(
  bytes: Uint8Array,
): { readonly ok: true; readonly block: EventBlock } | { readonly ok: false; readonly reason: BlockFault } {
  if (bytes.length < HEADER_BYTES) return { ok: false, reason: 'too-short' }
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  if (view.getUint32(HEADER.magic, true) !== BLOCK_MAGIC) return { ok: false, reason: 'bad-magic' }
  const byteLength = view.getUint32(HEADER.byteLength, true)
  const count = view.getUint32(HEADER.count, true)
  const arenaAt = view.getUint32(HEADER.arenaAt, true)
  const arenaLength = view.getUint32(HEADER.arenaLength, true)
  if (byteLength > bytes.length) return { ok: false, reason: 'too-short' }
  if (count < 1 || count > MAX_ROWS || arenaAt !== columnLayout(count).arenaAt || arenaAt + arenaLength > byteLength) {
    return { ok: false, reason: 'bad-length' }
  }
  if (view.getUint16(HEADER.nodeLength, true) > arenaLength) return { ok: false, reason: 'bad-length' }
  const own = bytes.subarray(0, byteLength)
  const block = new EventBlock(own.byteOffset % 8 === 0 ? own : new Uint8Array(own))
  for (let row = 0; row < count; row++) {
    if ((block.payloadAt[row] ?? 0) + (block.payloadLength[row] ?? 0) > arenaLength)
      return { ok: false, reason: 'bad-offset' }
  }
  for (let i = 0; i < block.textAt.length; i++) {
    if ((block.textAt[i] ?? 0) + (block.textLength[i] ?? 0) > arenaLength) return { ok: false, reason: 'bad-offset' }
  }
  return { ok: true, block }
}
