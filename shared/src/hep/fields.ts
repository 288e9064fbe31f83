import type { HepWarning } from './packet.ts'

/** Warnings as bits, in the order of `WARNING_NAMES`. */
export const WARNING = {
  trailingBytes: 1 << 0,
  duplicateChunk: 1 << 1,
  emptyFrame: 1 << 2,
  chunkSizeIgnored: 1 << 3,
  familyMismatch: 1 << 4,
  microsecondsOverflow: 1 << 5,
  timeMissing: 1 << 6,
  timeImplausible: 1 << 7,
  headerLengthOdd: 1 << 8,
  compressedPayload: 1 << 9,
  noPayload: 1 << 10,
  otherMagic: 1 << 11,
  legacyChunkSize: 1 << 12,
  twoPayloads: 1 << 13,
  agentIdShifted: 1 << 14,
  timeOfNtpEra: 1 << 15,
  notCompressed: 1 << 16,
  inflateLimit: 1 << 17,
  badCompression: 1 << 18,
  bigEndianTime: 1 << 19,
  unpaddedTime: 1 << 20,
  trailingNuls: 1 << 21,
  notUtf8: 1 << 22,
  gzipDatagram: 1 << 23,
} as const

export const WARNING_NAMES: readonly HepWarning[] = [
  'trailing-bytes',
  'duplicate-chunk',
  'empty-frame',
  'chunk-size-ignored',
  'family-mismatch',
  'microseconds-overflow',
  'time-missing',
  'time-implausible',
  'header-length-odd',
  'compressed-payload',
  'no-payload',
  'other-magic',
  'legacy-chunk-size',
  'two-payloads',
  'agent-id-shifted',
  'time-of-ntp-era',
  'not-compressed',
  'inflate-limit',
  'bad-compression',
  'big-endian-time',
  'unpadded-time',
  'trailing-nuls',
  'not-utf8',
  'gzip-datagram',
]

/**
 * Where the parts of one packet lie, as offsets into the bytes that were scanned.
 * One instance is reused for every packet: the hot path allocates nothing.
 * A range is empty (`end === at`) when present without bytes, and `at === -1` when absent.
 */
export class HepFields {
  version: 1 | 2 | 3 = 3
  ipProtocol = 0
  /** 4, 16, or 0 when the packet names no address. */
  addressBytes: 0 | 4 | 16 = 0
  srcIpAt = -1
  dstIpAt = -1
  srcPort = 0
  dstPort = 0
  /** Whole microseconds since 1970; 0 if the packet has no time. */
  tsUs = 0
  protocolType = 0
  agentId = 0
  payloadAt = -1
  payloadEnd = -1
  /** True if the payload range is that of chunk 0x0010. */
  payloadCompressed = false
  correlationIdAt = -1
  correlationIdEnd = -1
  agentNameAt = -1
  agentNameEnd = -1
  authKeyAt = -1
  authKeyEnd = -1
  /** Every other chunk, whole, as pairs of offsets: [at, end, at, end, …]. */
  readonly others: number[] = []
  /** Bits of `WARNING`. */
  warnings = 0
  /** Where the scan stopped, if it failed. */
  faultAt = 0

  reset(version: 1 | 2 | 3): void {
    this.version = version
    this.ipProtocol = 0
    this.addressBytes = 0
    this.srcIpAt = this.dstIpAt = -1
    this.srcPort = this.dstPort = 0
    this.tsUs = 0
    this.protocolType = 0
    this.agentId = 0
    this.payloadAt = this.payloadEnd = -1
    this.payloadCompressed = false
    this.correlationIdAt = this.correlationIdEnd = -1
    this.agentNameAt = this.agentNameEnd = -1
    this.authKeyAt = this.authKeyEnd = -1
    if (this.others.length > 0) this.others.length = 0
    this.warnings = 0
    this.faultAt = 0
  }
}
