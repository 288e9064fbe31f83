import type { EventBlock } from '@hepscope/shared/event/block.ts'
import { FLAG, TEXT } from '@hepscope/shared/event/columns.ts'
import { transportOf } from '@hepscope/shared/hep/chunks.ts'
import { keyOf, type LadderMessage } from './message.ts'

const utf8 = new TextDecoder('utf-8', { ignoreBOM: true })
const strict = new TextDecoder('utf-8', { ignoreBOM: true, fatal: true })

/** One event of a block, copied out of it. */
export function fromBlock(block: EventBlock, row: number): LadderMessage {
  const flags = block.flags[row] ?? 0
  const seq = block.seq(row)
  const hasPayload = (flags & (FLAG.payloadRemoved | FLAG.compressedPayload)) === 0
  const bytes = hasPayload ? block.payload(row) : undefined
  const text = bytes === undefined ? undefined : strictText(bytes)
  return {
    key: keyOf(block.node, block.epoch, seq),
    node: block.node,
    epoch: block.epoch,
    seq,
    tsUs: block.tsUs[row] ?? 0,
    srcIp: block.srcIp(row),
    srcPort: block.srcPort[row] ?? 0,
    dstIp: block.dstIp(row),
    dstPort: block.dstPort[row] ?? 0,
    transport: transportOf(block.ipProtocol[row] ?? 0),
    proto: block.proto[row] ?? 0,
    method: block.methodName(row),
    statusCode: block.statusCode[row] ?? 0,
    reason: block.text(TEXT.reason, row),
    cseqNumber: block.cseqNumber[row] ?? 0,
    callId: block.text(TEXT.callId, row) || block.text(TEXT.correlationId, row),
    branch: block.text(TEXT.branch, row),
    fromTag: block.text(TEXT.fromTag, row),
    toTag: block.text(TEXT.toTag, row),
    hasSdp: (flags & FLAG.sdp) !== 0,
    agentId: block.agentId[row] ?? 0,
    agentName: block.text(TEXT.agentName, row),
    payload: text ?? (bytes === undefined ? undefined : utf8.decode(bytes)),
    // The block is one buffer, which must not go along.
    raw: text === undefined ? bytes?.slice() : undefined,
  }
}

function strictText(bytes: Uint8Array): string | undefined {
  try {
    return strict.decode(bytes)
  } catch {
    return undefined
  }
}
