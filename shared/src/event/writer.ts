import { PROTOCOL_TYPE } from '../hep/chunks.ts'
import { HepFields } from '../hep/fields.ts'
import { scanHep } from '../hep/scan.ts'
import type { HepFault } from '../hep/packet.ts'
import { unwrapSip } from '../payload/parts.ts'
import { redactSecrets } from '../payload/redact.ts'
import { OTHER_METHOD } from '../sip/methods.ts'
import { SipSummary, summarizeSip } from '../sip/summary.ts'
import {
  BLOCK_MAGIC,
  columnLayout,
  type ColumnLayout,
  FLAG,
  HEADER,
  MAX_ROWS,
  TEXT,
  TEXT_COLUMNS,
  type TextColumn,
} from './columns.ts'
import { EventBlock } from './block.ts'

/** A block closes when its arena has passed this, however few rows it has. */
export const ARENA_LIMIT_BYTES = 1 << 20
/** Most bytes that one inflated payload may have; 64 KiB times 4. */
export const INFLATE_LIMIT_BYTES = 4 * 0x10000
const MAX_TEXT_BYTES = 0xffff

/** Inflates a gzip or zlib payload to at most `limit` bytes; undefined if it cannot. */
export type Inflate = (bytes: Uint8Array, limit: number) => Uint8Array | undefined

/** Identity that a node stamps on its blocks. */
export interface BlockSource {
  readonly node: string
  /** Start of the node, milliseconds since 1970. */
  readonly epoch: number
}

/**
 * Collects HEP packets into an EventBlock: the only place where a packet's bytes are copied.
 *
 * Reused for block after block. `append` until `isFull`, then `seal`; the owner also seals by time.
 */
export class BlockWriter {
  readonly #source: BlockSource
  readonly #inflate: Inflate | undefined
  readonly #nodeName: Uint8Array
  readonly #fields = new HepFields()
  readonly #sip = new SipSummary()
  readonly #columns = new StagingColumns()
  #arena = new Uint8Array(ARENA_LIMIT_BYTES)
  #arenaEnd = 0
  #count = 0
  #nextSeq = 1

  constructor(source: BlockSource, inflate?: Inflate) {
    this.#source = source
    this.#inflate = inflate
    this.#nodeName = new TextEncoder().encode(source.node).subarray(0, MAX_TEXT_BYTES)
    this.#startBlock()
  }

  get count(): number {
    return this.#count
  }

  /** Parts of the packet appended last; overwritten by the next. */
  get lastFields(): HepFields {
    return this.#fields
  }

  /** True when the block must be sealed before the next `append`. */
  get isFull(): boolean {
    return this.#count === MAX_ROWS || this.#arenaEnd >= ARENA_LIMIT_BYTES
  }

  /**
   * Decode one HEP packet and add it as a row.
   *
   * @param packet exactly one packet; copied, so the caller may reuse the memory
   * @param receivedUs stands in for the time of a packet that has none
   * @returns undefined, or why the bytes are no HEP packet (offset in `lastFields.faultAt`); nothing is added then
   */
  append(packet: Uint8Array, receivedUs: number): HepFault | undefined {
    const fields = this.#fields
    const fault = scanHep(packet, fields, receivedUs)
    if (fault !== undefined) return fault
    const row = this.#count
    const columns = this.#columns
    const { tsUs, payloadAt, payloadLength } = columns
    const hasTime = fields.tsUs > 0
    tsUs[row] = hasTime ? fields.tsUs : receivedUs
    columns.agentId[row] = fields.agentId
    columns.srcPort[row] = fields.srcPort
    columns.dstPort[row] = fields.dstPort
    columns.proto[row] = fields.protocolType
    columns.ipProtocol[row] = fields.ipProtocol
    columns.hepVersion[row] = fields.version
    columns.cseqNumber[row] = 0
    columns.statusCode[row] = 0
    columns.method[row] = 0
    let flags = hasTime ? 0 : FLAG.receiveTime
    if (fields.warnings !== 0) flags |= FLAG.warned
    if (fields.addressBytes !== 0) {
      flags |= fields.addressBytes === 4 ? FLAG.ipv4 : FLAG.ipv6
      copyAddress(packet, fields.srcIpAt, columns.srcIp, row * 16, fields.addressBytes)
      copyAddress(packet, fields.dstIpAt, columns.dstIp, row * 16, fields.addressBytes)
    }
    columns.clearText(row)

    let payload = packet
    let from = fields.payloadAt
    let end = fields.payloadEnd
    if (fields.payloadCompressed) {
      const plain = inflatePayload(packet.subarray(from, end), this.#inflate)
      if (plain === undefined) flags |= FLAG.compressedPayload
      else {
        payload = plain
        from = 0
        end = plain.length
      }
    }
    if (from >= 0 && hidesSomething(fields.protocolType, payload[from])) {
      payload = openPayload(fields.protocolType, payload.subarray(from, end))
      from = 0
      end = payload.length
    }
    const at = this.#copy(payload, from < 0 ? 0 : from, from < 0 ? 0 : end)
    const length = from < 0 ? 0 : end - from
    payloadAt[row] = at
    payloadLength[row] = length
    if (fields.protocolType === PROTOCOL_TYPE.sip && length > 0 && (flags & FLAG.compressedPayload) === 0) {
      flags |= this.#summarize(row, at, at + length)
    }
    if (fields.correlationIdAt >= 0) {
      this.#copyText(TEXT.correlationId, row, packet, fields.correlationIdAt, fields.correlationIdEnd)
    }
    if (fields.agentNameAt >= 0) this.#copyText(TEXT.agentName, row, packet, fields.agentNameAt, fields.agentNameEnd)
    if (fields.others.length > 0) this.#copyOthers(row, packet, fields.others)
    columns.flags[row] = flags
    this.#count = row + 1
    return undefined
  }

  /**
   * Close the block and begin the next. The new block's `seq` goes on where the last one ended.
   *
   * @param sealedUs clock, microseconds since 1970
   * @returns the block in a buffer of its own, or undefined if nothing was appended
   */
  seal(sealedUs: number): EventBlock | undefined {
    const count = this.#count
    if (count === 0) return undefined
    const layout = columnLayout(count)
    const byteLength = (layout.arenaAt + this.#arenaEnd + 7) & ~7
    const bytes = new Uint8Array(byteLength)
    const view = new DataView(bytes.buffer)
    view.setUint32(HEADER.magic, BLOCK_MAGIC, true)
    view.setUint32(HEADER.byteLength, byteLength, true)
    view.setUint32(HEADER.count, count, true)
    view.setUint32(HEADER.arenaAt, layout.arenaAt, true)
    view.setUint32(HEADER.arenaLength, this.#arenaEnd, true)
    view.setUint16(HEADER.nodeLength, this.#nodeName.length, true)
    view.setFloat64(HEADER.epoch, this.#source.epoch, true)
    view.setFloat64(HEADER.firstSeq, this.#nextSeq, true)
    view.setFloat64(HEADER.sealedUs, sealedUs, true)
    let minTsUs = Infinity
    let maxTsUs = 0
    for (const ts of this.#columns.tsUs.subarray(0, count)) {
      if (ts < minTsUs) minTsUs = ts
      if (ts > maxTsUs) maxTsUs = ts
    }
    view.setFloat64(HEADER.minTsUs, minTsUs, true)
    view.setFloat64(HEADER.maxTsUs, maxTsUs, true)
    this.#columns.copyTo(bytes, layout, count)
    bytes.set(this.#arena.subarray(0, this.#arenaEnd), layout.arenaAt)
    this.#nextSeq += count
    this.#startBlock()
    return new EventBlock(bytes)
  }

  #startBlock(): void {
    this.#count = 0
    this.#arena.set(this.#nodeName)
    this.#arenaEnd = this.#nodeName.length
  }

  #summarize(row: number, at: number, end: number): number {
    const sip = this.#sip
    const columns = this.#columns
    if (!summarizeSip(this.#arena, at, end, sip)) return 0
    columns.method[row] = sip.method
    columns.statusCode[row] = sip.statusCode
    columns.cseqNumber[row] = sip.cseqNumber
    columns.setText(TEXT.callId, row, sip.callIdAt, sip.callIdEnd)
    columns.setText(TEXT.cseq, row, sip.cseqAt, sip.cseqEnd)
    columns.setText(TEXT.reason, row, sip.reasonAt, sip.reasonEnd)
    columns.setText(TEXT.fromUser, row, sip.fromUserAt, sip.fromUserEnd)
    columns.setText(TEXT.fromHost, row, sip.fromHostAt, sip.fromHostEnd)
    columns.setText(TEXT.fromTag, row, sip.fromTagAt, sip.fromTagEnd)
    columns.setText(TEXT.toUser, row, sip.toUserAt, sip.toUserEnd)
    columns.setText(TEXT.toHost, row, sip.toHostAt, sip.toHostEnd)
    columns.setText(TEXT.toTag, row, sip.toTagAt, sip.toTagEnd)
    columns.setText(TEXT.ruriUser, row, sip.ruriUserAt, sip.ruriUserEnd)
    columns.setText(TEXT.branch, row, sip.branchAt, sip.branchEnd)
    columns.setText(TEXT.userAgent, row, sip.userAgentAt, sip.userAgentEnd)
    columns.setText(TEXT.aLegId, row, sip.aLegIdAt, sip.aLegIdEnd)
    if (sip.method === OTHER_METHOD) columns.setText(TEXT.methodOther, row, sip.methodAt, sip.methodEnd)
    return FLAG.sip | (sip.statusCode === 0 ? FLAG.request : FLAG.response) | (sip.hasSdp ? FLAG.sdp : 0)
  }

  /** Copy into the arena; returns where it begins. */
  #copy(bytes: Uint8Array, at: number, end: number): number {
    const start = this.#arenaEnd
    const length = end - at
    if (start + length > this.#arena.length) this.#grow(start + length)
    if (length > 0) this.#arena.set(bytes.subarray(at, end), start)
    this.#arenaEnd = start + length
    return start
  }

  #copyText(column: TextColumn, row: number, bytes: Uint8Array, at: number, end: number): void {
    const start = this.#copy(bytes, at, end)
    this.#columns.setText(column, row, start, start + end - at)
  }

  #copyOthers(row: number, packet: Uint8Array, others: readonly number[]): void {
    const start = this.#arenaEnd
    for (let i = 0; i < others.length; i += 2) this.#copy(packet, others[i] ?? 0, others[i + 1] ?? 0)
    this.#columns.setText(TEXT.extra, row, start, this.#arenaEnd)
  }

  #grow(needed: number): void {
    const grown = new Uint8Array(needed + 0x10000)
    grown.set(this.#arena.subarray(0, this.#arenaEnd))
    this.#arena = grown
  }
}

function copyAddress(from: Uint8Array, at: number, to: Uint8Array, toAt: number, size: number): void {
  for (let i = 0; i < 16; i++) to[toAt + i] = i < size && at >= 0 ? (from[at + i] ?? 0) : 0
}

const BRACE = 0x7b

/** SIP inside HOMER 6 JSON, and OpenSIPS' transport events, which hold the session's TLS key. */
function hidesSomething(protocolType: number, first: number | undefined): boolean {
  return (protocolType === PROTOCOL_TYPE.sip && first === BRACE) || protocolType === PROTOCOL_TYPE.openSipsNet
}

/** The SIP message itself; the event without its key: neither is stored or streamed in its wrapping. */
function openPayload(protocolType: number, payload: Uint8Array): Uint8Array {
  return protocolType === PROTOCOL_TYPE.sip ? unwrapSip(payload) : redactSecrets(protocolType, payload)
}

/** What chunk 0x0010 holds: gzip, zlib, or (from a relay that had inflated it already) plain bytes. */
function inflatePayload(bytes: Uint8Array, inflate: Inflate | undefined): Uint8Array | undefined {
  const first = bytes[0] ?? 0
  const second = bytes[1] ?? 0
  const isGzip = first === 0x1f && second === 0x8b
  const isZlib = (first & 0x0f) === 8 && ((first << 8) | second) % 31 === 0
  return isGzip || isZlib ? inflate?.(bytes, INFLATE_LIMIT_BYTES) : bytes
}

/** Columns of the block that is being written, each with room for `MAX_ROWS`. */
class StagingColumns {
  readonly tsUs = new Float64Array(MAX_ROWS)
  readonly agentId = new Uint32Array(MAX_ROWS)
  readonly flags = new Uint32Array(MAX_ROWS)
  readonly cseqNumber = new Uint32Array(MAX_ROWS)
  readonly payloadAt = new Uint32Array(MAX_ROWS)
  readonly payloadLength = new Uint32Array(MAX_ROWS)
  readonly textAt = new Uint32Array(MAX_ROWS * TEXT_COLUMNS)
  readonly textLength = new Uint16Array(MAX_ROWS * TEXT_COLUMNS)
  readonly srcPort = new Uint16Array(MAX_ROWS)
  readonly dstPort = new Uint16Array(MAX_ROWS)
  readonly statusCode = new Uint16Array(MAX_ROWS)
  readonly proto = new Uint8Array(MAX_ROWS)
  readonly ipProtocol = new Uint8Array(MAX_ROWS)
  readonly method = new Uint8Array(MAX_ROWS)
  readonly hepVersion = new Uint8Array(MAX_ROWS)
  readonly srcIp = new Uint8Array(MAX_ROWS * 16)
  readonly dstIp = new Uint8Array(MAX_ROWS * 16)

  /** An absent text is an empty one; what is longer than a column can say is cut there. */
  setText(column: TextColumn, row: number, at: number, end: number): void {
    const i = row + column * MAX_ROWS
    const length = at < 0 ? 0 : end - at
    this.textAt[i] = length === 0 ? 0 : at
    this.textLength[i] = length > MAX_TEXT_BYTES ? MAX_TEXT_BYTES : length
  }

  clearText(row: number): void {
    for (let i = row; i < MAX_ROWS * TEXT_COLUMNS; i += MAX_ROWS) this.textLength[i] = this.textAt[i] = 0
  }

  copyTo(bytes: Uint8Array, layout: ColumnLayout, count: number): void {
    const { buffer } = bytes
    new Float64Array(buffer, layout.tsUs, count).set(this.tsUs.subarray(0, count))
    const seqDelta = new Uint32Array(buffer, layout.seqDelta, count)
    for (let row = 0; row < count; row++) seqDelta[row] = row
    new Uint32Array(buffer, layout.agentId, count).set(this.agentId.subarray(0, count))
    new Uint32Array(buffer, layout.flags, count).set(this.flags.subarray(0, count))
    new Uint32Array(buffer, layout.cseqNumber, count).set(this.cseqNumber.subarray(0, count))
    new Uint32Array(buffer, layout.payloadAt, count).set(this.payloadAt.subarray(0, count))
    new Uint32Array(buffer, layout.payloadLength, count).set(this.payloadLength.subarray(0, count))
    const textAt = new Uint32Array(buffer, layout.textAt, layout.rows * TEXT_COLUMNS)
    const textLength = new Uint16Array(buffer, layout.textLength, layout.rows * TEXT_COLUMNS)
    for (let column = 0; column < TEXT_COLUMNS; column++) {
      const from = column * MAX_ROWS
      textAt.set(this.textAt.subarray(from, from + count), column * layout.rows)
      textLength.set(this.textLength.subarray(from, from + count), column * layout.rows)
    }
    new Uint16Array(buffer, layout.srcPort, count).set(this.srcPort.subarray(0, count))
    new Uint16Array(buffer, layout.dstPort, count).set(this.dstPort.subarray(0, count))
    new Uint16Array(buffer, layout.statusCode, count).set(this.statusCode.subarray(0, count))
    bytes.set(this.proto.subarray(0, count), layout.proto)
    bytes.set(this.ipProtocol.subarray(0, count), layout.ipProtocol)
    bytes.set(this.method.subarray(0, count), layout.method)
    bytes.set(this.hepVersion.subarray(0, count), layout.hepVersion)
    bytes.set(this.srcIp.subarray(0, count * 16), layout.srcIp)
    bytes.set(this.dstIp.subarray(0, count * 16), layout.dstIp)
  }
}
