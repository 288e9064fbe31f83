import type { SipSummary } from '../sip/summary-fields.ts'
import { type ColumnLayout, MAX_ROWS, TEXT, TEXT_COLUMNS, type TextColumn } from './columns.ts'

const MAX_TEXT_BYTES = 0xffff
/** Not a power of two, for the texts of one row would then share one set of the processor's cache and push each other out. */
const TEXT_STRIDE = MAX_ROWS + 16

/** Columns of the block that is being written, each with room for `MAX_ROWS`. */
export class StagingColumns {
  readonly tsUs = new Float64Array(MAX_ROWS)
  readonly agentId = new Uint32Array(MAX_ROWS)
  readonly flags = new Uint32Array(MAX_ROWS)
  readonly cseqNumber = new Uint32Array(MAX_ROWS)
  readonly payloadAt = new Uint32Array(MAX_ROWS)
  readonly payloadLength = new Uint32Array(MAX_ROWS)
  readonly textAt = new Uint32Array(TEXT_STRIDE * TEXT_COLUMNS)
  readonly textLength = new Uint16Array(TEXT_STRIDE * TEXT_COLUMNS)
  readonly srcPort = new Uint16Array(MAX_ROWS)
  readonly dstPort = new Uint16Array(MAX_ROWS)
  readonly statusCode = new Uint16Array(MAX_ROWS)
  readonly proto = new Uint8Array(MAX_ROWS)
  readonly ipProtocol = new Uint8Array(MAX_ROWS)
  readonly method = new Uint8Array(MAX_ROWS)
  readonly hepVersion = new Uint8Array(MAX_ROWS)
  readonly srcIp = new Uint8Array(MAX_ROWS * 16)
  readonly dstIp = new Uint8Array(MAX_ROWS * 16)
  readonly srcIpView = new DataView(this.srcIp.buffer)
  readonly dstIpView = new DataView(this.dstIp.buffer)

  /** An absent text is an empty one; what is longer than a column can say is cut there. */
  setText(column: TextColumn, row: number, at: number, end: number): void {
    setRange(this.textAt, this.textLength, row + column * TEXT_STRIDE, at, end, 0)
  }

  /** The texts of a summary. @param by where in the arena lies what the summary calls offset 0 */
  setSipTexts(row: number, sip: SipSummary, by: number): void {
    const { textAt, textLength } = this
    setRange(textAt, textLength, row + TEXT.callId * TEXT_STRIDE, sip.callIdAt, sip.callIdEnd, by)
    setRange(textAt, textLength, row + TEXT.cseq * TEXT_STRIDE, sip.cseqAt, sip.cseqEnd, by)
    setRange(textAt, textLength, row + TEXT.reason * TEXT_STRIDE, sip.reasonAt, sip.reasonEnd, by)
    setRange(textAt, textLength, row + TEXT.fromUser * TEXT_STRIDE, sip.fromUserAt, sip.fromUserEnd, by)
    setRange(textAt, textLength, row + TEXT.fromHost * TEXT_STRIDE, sip.fromHostAt, sip.fromHostEnd, by)
    setRange(textAt, textLength, row + TEXT.fromTag * TEXT_STRIDE, sip.fromTagAt, sip.fromTagEnd, by)
    setRange(textAt, textLength, row + TEXT.toUser * TEXT_STRIDE, sip.toUserAt, sip.toUserEnd, by)
    setRange(textAt, textLength, row + TEXT.toHost * TEXT_STRIDE, sip.toHostAt, sip.toHostEnd, by)
    setRange(textAt, textLength, row + TEXT.toTag * TEXT_STRIDE, sip.toTagAt, sip.toTagEnd, by)
    setRange(textAt, textLength, row + TEXT.ruriUser * TEXT_STRIDE, sip.ruriUserAt, sip.ruriUserEnd, by)
    setRange(textAt, textLength, row + TEXT.branch * TEXT_STRIDE, sip.branchAt, sip.branchEnd, by)
    setRange(textAt, textLength, row + TEXT.userAgent * TEXT_STRIDE, sip.userAgentAt, sip.userAgentEnd, by)
    setRange(textAt, textLength, row + TEXT.aLegId * TEXT_STRIDE, sip.aLegIdAt, sip.aLegIdEnd, by)
  }

  /** Back to zeros: `append` writes only what a packet has. */
  clear(count: number): void {
    this.cseqNumber.fill(0, 0, count)
    this.statusCode.fill(0, 0, count)
    this.method.fill(0, 0, count)
    this.srcIp.fill(0, 0, count * 16)
    this.dstIp.fill(0, 0, count * 16)
    for (let column = 0; column < TEXT_COLUMNS; column++) {
      const from = column * TEXT_STRIDE
      this.textAt.fill(0, from, from + count)
      this.textLength.fill(0, from, from + count)
    }
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
      const from = column * TEXT_STRIDE
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

/** Small, so that it is compiled into its callers: it runs a dozen times a packet. */
function setRange(textAt: Uint32Array, textLength: Uint16Array, i: number, at: number, end: number, by: number): void {
  if (end <= at) return
  textAt[i] = at + by
  textLength[i] = Math.min(end - at, MAX_TEXT_BYTES)
}
