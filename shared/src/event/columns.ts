/**
 * What an EventBlock holds of one event.
 *
 * Numbers are typed arrays. Text is an (offset, length) pair into the block's arena; most text is a part of
 * the payload and points into it, so it costs no bytes of its own.
 */

/** Text columns by number. `payload` is not among them: it has columns of its own, for its length may pass 65,535. */
export const TEXT = {
  callId: 0,
  /** Whole header value, e.g. `1 INVITE`. */
  cseq: 1,
  reason: 2,
  fromUser: 3,
  fromHost: 4,
  fromTag: 5,
  toUser: 6,
  toHost: 7,
  toTag: 8,
  ruriUser: 9,
  /** Branch of the topmost Via. */
  branch: 10,
  userAgent: 11,
  /** HEP chunk 0x0011. */
  correlationId: 12,
  /** X-CID header. */
  aLegId: 13,
  /** HEP chunk 0x0013. */
  agentName: 14,
  /** Name of a method that is not in `METHODS`. */
  methodOther: 15,
  /** HEP chunks without a column, whole and back to back; read with `readChunks`. */
  extra: 16,
} as const

export type TextColumn = (typeof TEXT)[keyof typeof TEXT]
export const TEXT_COLUMNS = 17

/** Bits of the `flags` column. */
export const FLAG = {
  /** The payload has a SIP start line. */
  sip: 1 << 0,
  request: 1 << 1,
  response: 1 << 2,
  sdp: 1 << 3,
  /** Addresses are IPv6; if neither is set the packet named none. */
  ipv4: 1 << 4,
  ipv6: 1 << 5,
  /** The packet had no time: `tsUs` is when it was received. */
  receiveTime: 1 << 6,
  /** The payload is chunk 0x0010 as it came. */
  compressedPayload: 1 << 7,
  /** The decoder warned; see `hep/scan.ts`. */
  warned: 1 << 8,
  /** The payload was taken out of this copy of the block. */
  payloadRemoved: 1 << 9,
} as const

/** First four bytes of a block: `HSB1`. */
export const BLOCK_MAGIC = 0x31425348
/**
 * Header, little-endian, offsets in bytes:
 * 0 u32 magic · 4 u32 byte length of the block · 8 u32 row count · 12 u32 arena offset · 16 u32 arena length ·
 * 20 u16 length of the node name, which opens the arena · 22 u16 zero ·
 * 24 f64 epoch · 32 f64 first seq · 40 f64 sealed at, µs · 48 f64 smallest `tsUs` · 56 f64 largest `tsUs`
 */
export const HEADER = {
  magic: 0,
  byteLength: 4,
  count: 8,
  arenaAt: 12,
  arenaLength: 16,
  nodeLength: 20,
  epoch: 24,
  firstSeq: 32,
  sealedUs: 40,
  minTsUs: 48,
  maxTsUs: 56,
} as const
export const HEADER_BYTES = 64

/** Most events of one block. */
export const MAX_ROWS = 1024

/**
 * Byte offsets of the columns of a block of `count` rows, in this order. Each column is padded to whole
 * groups of eight rows, so that all are aligned.
 */
export function columnLayout(count: number): ColumnLayout {
  const rows = (count + 7) & ~7
  let at = HEADER_BYTES
  const next = (bytesPerRow: number): number => {
    const start = at
    at += rows * bytesPerRow
    return start
  }
  return {
    rows,
    tsUs: next(8),
    seqDelta: next(4),
    agentId: next(4),
    flags: next(4),
    cseqNumber: next(4),
    payloadAt: next(4),
    payloadLength: next(4),
    textAt: next(4 * TEXT_COLUMNS),
    textLength: next(2 * TEXT_COLUMNS),
    srcPort: next(2),
    dstPort: next(2),
    statusCode: next(2),
    proto: next(1),
    ipProtocol: next(1),
    method: next(1),
    hepVersion: next(1),
    srcIp: next(16),
    dstIp: next(16),
    arenaAt: at,
  }
}

export interface ColumnLayout {
  /** Rows that each column has room for. */
  readonly rows: number
  readonly tsUs: number
  readonly seqDelta: number
  readonly agentId: number
  readonly flags: number
  readonly cseqNumber: number
  readonly payloadAt: number
  readonly payloadLength: number
  readonly textAt: number
  readonly textLength: number
  readonly srcPort: number
  readonly dstPort: number
  readonly statusCode: number
  readonly proto: number
  readonly ipProtocol: number
  readonly method: number
  readonly hepVersion: number
  readonly srcIp: number
  readonly dstIp: number
  readonly arenaAt: number
}
