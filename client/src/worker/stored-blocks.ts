import { EventBlock } from '@hepscope/shared/event/block.ts'
import {
  BLOCK_MAGIC,
  columnLayout,
  FLAG,
  HEADER,
  MAX_ROWS,
  TEXT,
  type TextColumn,
} from '@hepscope/shared/event/columns.ts'
import { parseIp } from '@hepscope/shared/net/ip.ts'
import { methodNumber, OTHER_METHOD } from '@hepscope/shared/sip/methods.ts'
import { numberOf, textOf } from '../app/http/request.ts'
import type { StoredRow } from '../app/http/row-stream.ts'

/** A block holds no more time than this: what is shown as of a moment is cut out of it. */
const BLOCK_US = 4_000_000
/** From so many events on, a block ends with its second, for rates are counted by second. */
const SECOND_ROWS = 8
/** With more than one node, blocks overlap in time; so little does not turn cause and effect around. */
const SHARED_BLOCK_US = 100_000

/** Columns of a stored row, and the texts that they are in a block. */
const TEXTS: readonly (readonly [name: string, column: TextColumn])[] = [
  ['session_id', TEXT.callId],
  ['reason', TEXT.reason],
  ['caller', TEXT.fromUser],
  ['from_host', TEXT.fromHost],
  ['from_tag', TEXT.fromTag],
  ['callee', TEXT.toUser],
  ['to_host', TEXT.toHost],
  ['to_tag', TEXT.toTag],
  ['ruri_user', TEXT.ruriUser],
  ['branch', TEXT.branch],
  ['user_agent', TEXT.userAgent],
  ['cid', TEXT.correlationId],
  ['x_call_id', TEXT.aLegId],
  ['agent_name', TEXT.agentName],
]
const MAX_TEXT_BYTES = 0xffff
const SIP = 1
const utf8 = new TextEncoder()

/**
 * The blocks that stored events were, without their payloads: same nodes and numbers, so the same keys.
 *
 * @param rows of the search API, oldest first
 */
export function* storedBlocks(rows: readonly StoredRow[]): Generator<EventBlock, void, void> {
  const isShared = new Set(rows.map(originOf)).size > 1
  const spanUs = isShared ? SHARED_BLOCK_US : BLOCK_US
  let first = 0
  for (let i = 1; i <= rows.length; i++) {
    const [startUs, nowUs] = [timeOf(rows[first]), timeOf(rows[i])]
    const isOtherSecond = Math.floor(nowUs / 1_000_000) !== Math.floor(startUs / 1_000_000)
    const isSecondOver = isOtherSecond && i - first >= SECOND_ROWS
    if (i < rows.length && i - first < MAX_ROWS && nowUs - startUs <= spanUs && !isSecondOver) continue
    const byOrigin = new Map<string, StoredRow[]>()
    for (const row of rows.slice(first, i)) {
      const own = byOrigin.get(originOf(row))
      if (own === undefined) byOrigin.set(originOf(row), [row])
      else own.push(row)
    }
    for (const own of byOrigin.values()) yield blockOf(own)
    first = i
  }
}

function originOf(row: StoredRow): string {
  return `${numberOf(row, 'epoch')} ${textOf(row, 'node')}`
}

function timeOf(row: StoredRow | undefined): number {
  return numberOf(row, 'ts_us')
}

/** @param rows at most `MAX_ROWS`, of one node and epoch */
function blockOf(rows: readonly StoredRow[]): EventBlock {
  const node = utf8.encode(textOf(rows[0], 'node'))
  const texts = rows.map((row) => TEXTS.map(([name]) => utf8.encode(textOf(row, name)).subarray(0, MAX_TEXT_BYTES)))
  const methods = rows.map((row) => textOf(row, 'cseq_method'))
  const others = methods.map((name) => (methodNumber(name) === OTHER_METHOD ? utf8.encode(name) : new Uint8Array(0)))
  const textBytes = [...texts.flat(), ...others].reduce((sum, text) => sum + text.length, 0)
  const layout = columnLayout(rows.length)
  const arenaLength = node.length + textBytes
  const bytes = new Uint8Array((layout.arenaAt + arenaLength + 7) & ~7)
  const times = rows.map(timeOf)
  const firstSeq = Math.min(...rows.map((row) => numberOf(row, 'seq')))
  const view = new DataView(bytes.buffer)
  view.setUint32(HEADER.magic, BLOCK_MAGIC, true)
  view.setUint32(HEADER.byteLength, bytes.length, true)
  view.setUint32(HEADER.count, rows.length, true)
  view.setUint32(HEADER.arenaAt, layout.arenaAt, true)
  view.setUint32(HEADER.arenaLength, arenaLength, true)
  view.setUint16(HEADER.nodeLength, node.length, true)
  view.setFloat64(HEADER.epoch, numberOf(rows[0], 'epoch'), true)
  view.setFloat64(HEADER.firstSeq, firstSeq, true)
  view.setFloat64(HEADER.sealedUs, Math.max(...times), true)
  view.setFloat64(HEADER.minTsUs, Math.min(...times), true)
  view.setFloat64(HEADER.maxTsUs, Math.max(...times), true)
  // The block reads its node's name when it is made.
  bytes.set(node, layout.arenaAt)
  const block = new EventBlock(bytes)
  let end = node.length
  const put = (row: number, column: TextColumn, text: Uint8Array | undefined): void => {
    if (text === undefined || text.length === 0) return
    block.arena.set(text, end)
    block.textAt[row + column * block.rows] = end
    block.textLength[row + column * block.rows] = text.length
    end += text.length
  }
  for (const [i, row] of rows.entries()) {
    putNumbers(block, i, row, firstSeq)
    block.method[i] = methodNumber(methods[i] ?? '')
    for (const [k, [, column]] of TEXTS.entries()) put(i, column, texts[i]?.[k])
    put(i, TEXT.methodOther, others[i])
  }
  return block
}

function putNumbers(block: EventBlock, i: number, row: StoredRow, firstSeq: number): void {
  const src = parseIp(textOf(row, 'src_ip'))
  const dst = parseIp(textOf(row, 'dst_ip'))
  const status = numberOf(row, 'response_code')
  block.tsUs[i] = timeOf(row)
  block.seqDelta[i] = numberOf(row, 'seq') - firstSeq
  block.agentId[i] = numberOf(row, 'node_id')
  block.cseqNumber[i] = numberOf(row, 'cseq')
  block.srcPort[i] = numberOf(row, 'src_port')
  block.dstPort[i] = numberOf(row, 'dst_port')
  block.statusCode[i] = status
  block.proto[i] = numberOf(row, 'proto_type') || SIP
  block.ipProtocol[i] = numberOf(row, 'protocol')
  block.hepVersion[i] = numberOf(row, 'hep_version')
  block.flags[i] = (numberOf(row, 'flags') & ~FLAG.compressedPayload) | FLAG.payloadRemoved
  if (src !== undefined) block.srcIpBytes(i).set(src)
  if (dst !== undefined) block.dstIpBytes(i).set(dst)
}
