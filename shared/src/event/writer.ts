import { INPUT_VIEW, loadInput } from '../bytes/input.ts'
import { PROTOCOL_TYPE } from '../hep/chunks.ts'
import type { Inflate } from '../hep/compression.ts'
import { HepFields } from '../hep/fields.ts'
import { MAX_PACKET_BYTES, scanHep, type ScanOptions } from '../hep/scan.ts'
import type { HepFault } from '../hep/packet.ts'
import { OTHER_METHOD } from '../sip/methods.ts'
import { SipSummary, summarizeInput } from '../sip/summary.ts'
import { BLOCK_MAGIC, columnLayout, FLAG, HEADER, MAX_ROWS, TEXT, type TextColumn } from './columns.ts'
import { EventBlock } from './block.ts'
import { isWrapped, openPayload } from './open-payload.ts'
import { StagingColumns } from './staging.ts'

/** A block closes when its arena has passed this, however few rows it has. */
export const ARENA_LIMIT_BYTES = 1 << 20
/** Shorter ranges are copied by a loop: calling the engine's copy costs more. */
const WORDWISE_UNDER = 128
const MAX_NODE_NAME_BYTES = 0xffff

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
  readonly #scanOptions: ScanOptions
  readonly #nodeName: Uint8Array
  readonly #fields = new HepFields()
  readonly #sip = new SipSummary()
  readonly #columns = new StagingColumns()
  // Room for one more packet behind the limit, so that only inflated payloads make it grow.
  #arena = new Uint8Array(ARENA_LIMIT_BYTES + MAX_PACKET_BYTES)
  #arenaView = new DataView(this.#arena.buffer)
  #arenaEnd = 0
  #count = 0
  #nextSeq = 1

  constructor(source: BlockSource, inflate?: Inflate, scanOptions: ScanOptions = {}) {
    this.#source = source
    this.#inflate = inflate
    this.#scanOptions = scanOptions
    this.#nodeName = new TextEncoder().encode(source.node).subarray(0, MAX_NODE_NAME_BYTES)
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
    const fault = scanHep(packet, fields, receivedUs, this.#scanOptions)
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
    let flags = hasTime ? 0 : FLAG.receiveTime
    if (fields.addressBytes !== 0) {
      flags |= fields.addressBytes === 4 ? FLAG.ipv4 : FLAG.ipv6
      copyAddress(fields.srcIpAt, fields.addressBytes, columns.srcIpView, row * 16)
      copyAddress(fields.dstIpAt, fields.addressBytes, columns.dstIpView, row * 16)
    }

    const at = this.#arenaEnd
    let opened: Uint8Array | undefined
    if (fields.payloadAt >= 0) {
      if (isWrapped(packet, fields)) opened = openPayload(packet, fields, this.#inflate)
      if (opened !== undefined) this.#copyWhole(opened)
      else {
        this.#copyPart(packet, fields.payloadAt, fields.payloadEnd)
        if (fields.payloadCompressed) flags |= FLAG.compressedPayload
      }
    }
    const length = this.#arenaEnd - at
    payloadAt[row] = at
    payloadLength[row] = length
    if (fields.correlationIdAt >= 0) {
      this.#copyText(TEXT.correlationId, row, packet, fields.correlationIdAt, fields.correlationIdEnd)
    }
    if (fields.agentNameAt >= 0) this.#copyText(TEXT.agentName, row, packet, fields.agentNameAt, fields.agentNameEnd)
    if (fields.others.length > 0) this.#copyOthers(row, packet, fields.others)
    // Last, since it writes into the input.
    if (fields.protocolType === PROTOCOL_TYPE.sip && length > 0 && (flags & FLAG.compressedPayload) === 0) {
      if (opened === undefined) flags |= this.#summarize(row, fields.payloadAt, fields.payloadEnd, at)
      else {
        loadInput(opened)
        flags |= this.#summarize(row, 0, length, at)
      }
    }
    columns.flags[row] = fields.warnings === 0 ? flags : flags | FLAG.warned
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
    this.#columns.clear(this.#count)
    this.#count = 0
    this.#arena.set(this.#nodeName)
    this.#arenaEnd = this.#nodeName.length
  }

  /** Summarise a payload that lies in the input and, from `arenaAt` on, in the arena; returns the flags. */
  #summarize(row: number, at: number, end: number, arenaAt: number): number {
    const sip = this.#sip
    const columns = this.#columns
    if (!summarizeInput(at, end, sip)) return 0
    const by = arenaAt - at
    columns.method[row] = sip.method
    columns.statusCode[row] = sip.statusCode
    columns.cseqNumber[row] = sip.cseqNumber
    columns.setSipTexts(row, sip, by)
    if (sip.method === OTHER_METHOD) columns.setText(TEXT.methodOther, row, sip.methodAt + by, sip.methodEnd + by)
    return FLAG.sip | (sip.statusCode === 0 ? FLAG.request : FLAG.response) | (sip.hasSdp ? FLAG.sdp : 0)
  }

  #copyWhole(bytes: Uint8Array): void {
    this.#reserve(bytes.length)
    this.#arena.set(bytes, this.#arenaEnd)
    this.#arenaEnd += bytes.length
  }

  /** Append a part of the packet, which is the input: `bytes` from `at` up to `end`. */
  #copyPart(bytes: Uint8Array, at: number, end: number): void {
    const length = end - at
    const start = this.#arenaEnd
    if (length < WORDWISE_UNDER) {
      this.#reserve(length + 4)
      const view = this.#arenaView
      // What is written too far, the next part or the next block overwrites.
      for (let i = 0; i < length; i += 4) view.setInt32(start + i, INPUT_VIEW.getInt32(at + i))
    } else {
      // A view of the part alone would cost more than moving the part over what came before it.
      this.#reserve(bytes.length)
      this.#arena.set(bytes, start)
      this.#arena.copyWithin(start, start + at, start + end)
    }
    this.#arenaEnd = start + length
  }

  #copyText(column: TextColumn, row: number, bytes: Uint8Array, at: number, end: number): void {
    const start = this.#arenaEnd
    this.#copyPart(bytes, at, end)
    this.#columns.setText(column, row, start, this.#arenaEnd)
  }

  #copyOthers(row: number, packet: Uint8Array, others: readonly number[]): void {
    const start = this.#arenaEnd
    for (let i = 0; i < others.length; i += 2) this.#copyPart(packet, others[i] ?? 0, others[i + 1] ?? 0)
    this.#columns.setText(TEXT.extra, row, start, this.#arenaEnd)
  }

  #reserve(length: number): void {
    const needed = this.#arenaEnd + length
    if (needed <= this.#arena.length) return
    const grown = new Uint8Array(needed + MAX_PACKET_BYTES)
    grown.set(this.#arena.subarray(0, this.#arenaEnd))
    this.#arena = grown
    this.#arenaView = new DataView(grown.buffer)
  }
}

/** @param at offset in the input, or -1 for an address that is absent */
function copyAddress(at: number, size: number, to: DataView, toAt: number): void {
  if (at < 0) return
  for (let i = 0; i < size; i += 4) to.setInt32(toAt + i, INPUT_VIEW.getInt32(at + i))
}
