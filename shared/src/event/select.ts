import { EventBlock } from './block.ts'
import { BLOCK_MAGIC, columnLayout, FLAG, HEADER, HEADER_BYTES, TEXT_COLUMNS } from './columns.ts'

/**
 * A block of some rows of another, with or without their payloads. `seq`, node and epoch stay.
 *
 * Texts are packed anew, so bytes that no kept row shows are not in the result: without payloads,
 * only the header fields that have a column of their own remain.
 *
 * @param rows at least one, in rising order
 */
export function selectRows(block: EventBlock, rows: readonly number[], withPayload: boolean): EventBlock {
  const count = rows.length
  const layout = columnLayout(count)
  const node = block.arena.subarray(0, nodeLengthOf(block))
  let arenaLength = node.length
  for (const row of rows) arenaLength += arenaBytesOf(block, row, withPayload)
  const byteLength = (layout.arenaAt + arenaLength + 7) & ~7
  const bytes = new Uint8Array(byteLength)
  bytes.set(block.bytes.subarray(0, HEADER.minTsUs))
  const view = new DataView(bytes.buffer)
  view.setUint32(HEADER.magic, BLOCK_MAGIC, true)
  view.setUint32(HEADER.byteLength, byteLength, true)
  view.setUint32(HEADER.count, count, true)
  view.setUint32(HEADER.arenaAt, layout.arenaAt, true)
  view.setUint32(HEADER.arenaLength, arenaLength, true)
  const copy = new EventBlock(bytes)
  copy.arena.set(node)
  if (count === block.count) {
    // The columns of as many rows lie alike.
    bytes.set(block.bytes.subarray(HEADER_BYTES, layout.arenaAt), HEADER_BYTES)
  } else {
    for (const [to, from] of rows.entries()) copyColumns(block, from, copy, to)
  }
  let end = node.length
  let minTsUs = Infinity
  let maxTsUs = 0
  for (let to = 0; to < count; to++) {
    const tsUs = copy.tsUs[to] ?? 0
    if (tsUs < minTsUs) minTsUs = tsUs
    if (tsUs > maxTsUs) maxTsUs = tsUs
    end = copyBytes(block, rows[to] ?? 0, copy, to, end, withPayload)
  }
  view.setFloat64(HEADER.minTsUs, minTsUs, true)
  view.setFloat64(HEADER.maxTsUs, maxTsUs, true)
  // Read the header again: the first reading was before the times were known.
  return new EventBlock(bytes)
}

function nodeLengthOf(block: EventBlock): number {
  const { bytes } = block
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength).getUint16(HEADER.nodeLength, true)
}

function arenaBytesOf(block: EventBlock, row: number, withPayload: boolean): number {
  const { textAt, textLength, rows } = block
  const payloadAt = block.payloadAt[row] ?? 0
  const payloadEnd = payloadAt + (block.payloadLength[row] ?? 0)
  let total = withPayload ? payloadEnd - payloadAt : 0
  for (let i = row; i < textAt.length; i += rows) {
    const at = textAt[i] ?? 0
    if (!withPayload || at < payloadAt || at >= payloadEnd) total += textLength[i] ?? 0
  }
  return total
}

function copyColumns(block: EventBlock, from: number, copy: EventBlock, to: number): void {
  copy.tsUs[to] = block.tsUs[from] ?? 0
  copy.seqDelta[to] = block.seqDelta[from] ?? 0
  copy.agentId[to] = block.agentId[from] ?? 0
  copy.flags[to] = block.flags[from] ?? 0
  copy.cseqNumber[to] = block.cseqNumber[from] ?? 0
  copy.srcPort[to] = block.srcPort[from] ?? 0
  copy.dstPort[to] = block.dstPort[from] ?? 0
  copy.statusCode[to] = block.statusCode[from] ?? 0
  copy.proto[to] = block.proto[from] ?? 0
  copy.ipProtocol[to] = block.ipProtocol[from] ?? 0
  copy.method[to] = block.method[from] ?? 0
  copy.hepVersion[to] = block.hepVersion[from] ?? 0
  copy.srcIpBytes(to).set(block.srcIpBytes(from))
  copy.dstIpBytes(to).set(block.dstIpBytes(from))
  for (let column = 0; column < TEXT_COLUMNS; column++) {
    copy.textLength[to + column * copy.rows] = block.textLength[from + column * block.rows] ?? 0
  }
}

/** Copy payload and texts, whose lengths the copy has already. Returns the new end of the copy's arena. */
function copyBytes(
  block: EventBlock,
  from: number,
  copy: EventBlock,
  to: number,
  start: number,
  withPayload: boolean,
): number {
  const { arena, textAt, textLength } = copy
  let end = start
  const payloadAt = block.payloadAt[from] ?? 0
  const payloadLength = block.payloadLength[from] ?? 0
  if (withPayload) {
    arena.set(block.payload(from), end)
    copy.payloadAt[to] = end
    end += payloadLength
  } else {
    copy.payloadAt[to] = 0
    if (payloadLength > 0) copy.flags[to] = (copy.flags[to] ?? 0) | FLAG.payloadRemoved
  }
  copy.payloadLength[to] = withPayload ? payloadLength : 0
  for (let target = to, source = from; target < textLength.length; target += copy.rows, source += block.rows) {
    const length = textLength[target] ?? 0
    if (length === 0) continue
    const at = block.textAt[source] ?? 0
    if (withPayload && at >= payloadAt && at < payloadAt + payloadLength) {
      textAt[target] = start + at - payloadAt
    } else {
      copyText(block.arena, at, arena, end, length)
      textAt[target] = end
      end += length
    }
  }
  return end
}

/** Most texts are short, and then a loop is quicker than a view. */
const SHORT_TEXT_BYTES = 48

function copyText(source: Uint8Array, at: number, target: Uint8Array, to: number, length: number): void {
  if (length > SHORT_TEXT_BYTES) target.set(source.subarray(at, at + length), to)
  else for (let i = 0; i < length; i++) target[to + i] = source[at + i] ?? 0
}
