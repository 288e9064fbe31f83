import type { CaptureFaultReason, CaptureItem, CaptureRecord } from './capture.ts'

const SECTION_HEADER = 0x0a0d0d0a
const INTERFACE_DESCRIPTION = 1
const OBSOLETE_PACKET = 2
const SIMPLE_PACKET = 3
const ENHANCED_PACKET = 6

const BYTE_ORDER_MAGIC = 0x1a2b3c4d
/** Block type and total length before the body, the total length again behind it. */
const BLOCK_OVERHEAD_BYTES = 12
/** Interface, time, captured and wire length of an enhanced or obsolete packet. */
const PACKET_HEADER_BYTES = 20

const OPTION_END = 0
const OPTION_TIME_RESOLUTION = 9
const OPTION_TIME_OFFSET = 14

/** Later times do not fit the 32-bit seconds of HEP and of classic pcap. */
const END_OF_TIME_US = 2 ** 32 * 1_000_000

interface Interface {
  readonly linkType: number
  /** Most bytes kept of a frame; 0 means all. */
  readonly snapBytes: number
  readonly ticksPerSecond: bigint
  readonly offsetSeconds: bigint
}

/** The part of a block between its two lengths. */
interface Body {
  readonly bytes: Uint8Array
  readonly view: DataView
  readonly littleEndian: boolean
}

/**
 * Frames of a pcapng file: any number of sections in either byte order, several interfaces, enhanced, simple and
 * obsolete packet blocks. Other blocks are passed over.
 *
 * @see https://www.ietf.org/archive/id/draft-ietf-opsawg-pcapng-03.html
 */
export function* readPcapng(bytes: Uint8Array): Generator<CaptureItem, void, void> {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  let littleEndian = true
  let interfaces: (Interface | undefined)[] = []
  let at = 0
  while (at < bytes.length) {
    const fault = blockFault(view, at, littleEndian)
    if (fault !== undefined) {
      yield { ok: false, reason: fault, offset: at }
      return
    }
    if (view.getUint32(at) === SECTION_HEADER) {
      littleEndian = isLittleEndianSection(view, at)
      interfaces = []
    }
    const blockBytes = view.getUint32(at + 4, littleEndian)
    const body: Body = {
      bytes: bytes.subarray(at + 8, at + blockBytes - 4),
      view: new DataView(bytes.buffer, bytes.byteOffset + at + 8, blockBytes - BLOCK_OVERHEAD_BYTES),
      littleEndian,
    }
    const type = view.getUint32(at, littleEndian)
    if (type === INTERFACE_DESCRIPTION) interfaces.push(readInterface(body))
    else if (type === ENHANCED_PACKET || type === OBSOLETE_PACKET || type === SIMPLE_PACKET) {
      const record = type === SIMPLE_PACKET ? readSimplePacket(body, interfaces[0]) : readPacket(body, type, interfaces)
      yield record ?? { ok: false, reason: 'bad-packet', offset: at }
    }
    at += blockBytes
  }
}

/** Why no block can be read at `at`; `littleEndian` is the order of the section so far. */
function blockFault(view: DataView, at: number, littleEndian: boolean): CaptureFaultReason | undefined {
  const available = view.byteLength - at
  if (available < BLOCK_OVERHEAD_BYTES) return 'truncated'
  let order = littleEndian
  // This block type reads the same in both orders; which one holds from here on stands behind its length.
  if (view.getUint32(at) === SECTION_HEADER) {
    order = isLittleEndianSection(view, at)
    if (view.getUint32(at + 8, order) !== BYTE_ORDER_MAGIC) return 'bad-record'
  }
  const blockBytes = view.getUint32(at + 4, order)
  if (blockBytes < BLOCK_OVERHEAD_BYTES || blockBytes % 4 !== 0) return 'bad-record'
  if (blockBytes > available) return 'truncated'
  return view.getUint32(at + blockBytes - 4, order) === blockBytes ? undefined : 'bad-record'
}

function isLittleEndianSection(view: DataView, at: number): boolean {
  return view.getUint32(at + 8, true) === BYTE_ORDER_MAGIC
}

function readInterface({ view, littleEndian }: Body): Interface | undefined {
  if (view.byteLength < 8) return undefined
  let ticksPerSecond = 1_000_000n
  let offsetSeconds = 0n
  let at = 8
  while (at + 4 <= view.byteLength) {
    const code = view.getUint16(at, littleEndian)
    const length = view.getUint16(at + 2, littleEndian)
    const value = at + 4
    if (code === OPTION_END || value + length > view.byteLength) break
    if (code === OPTION_TIME_RESOLUTION && length === 1) {
      const resolution = view.getUint8(value)
      const exponent = BigInt(resolution & 0x7f)
      ticksPerSecond = (resolution & 0x80) === 0 ? 10n ** exponent : 2n ** exponent
    }
    if (code === OPTION_TIME_OFFSET && length === 8) offsetSeconds = view.getBigInt64(value, littleEndian)
    at = value + Math.ceil(length / 4) * 4
  }
  const linkType = view.getUint16(0, littleEndian)
  return { linkType, snapBytes: view.getUint32(4, littleEndian), ticksPerSecond, offsetSeconds }
}

function readPacket(
  body: Body,
  type: number,
  interfaces: readonly (Interface | undefined)[],
): CaptureRecord | undefined {
  const { bytes, view, littleEndian } = body
  if (bytes.length < PACKET_HEADER_BYTES) return undefined
  // The obsolete block keeps a drop count in the other half of the interface id.
  const id = type === OBSOLETE_PACKET ? view.getUint16(0, littleEndian) : view.getUint32(0, littleEndian)
  const source = interfaces[id]
  const capturedBytes = view.getUint32(12, littleEndian)
  if (source === undefined || capturedBytes > bytes.length - PACKET_HEADER_BYTES) return undefined
  return {
    ok: true,
    tsUs: timeUs(view.getUint32(4, littleEndian), view.getUint32(8, littleEndian), source),
    linkType: source.linkType,
    frame: bytes.subarray(PACKET_HEADER_BYTES, PACKET_HEADER_BYTES + capturedBytes),
    wireBytes: view.getUint32(16, littleEndian),
  }
}

function readSimplePacket(
  { bytes, view, littleEndian }: Body,
  source: Interface | undefined,
): CaptureRecord | undefined {
  if (bytes.length < 4 || source === undefined) return undefined
  const wireBytes = view.getUint32(0, littleEndian)
  const snapBytes = source.snapBytes === 0 ? wireBytes : Math.min(wireBytes, source.snapBytes)
  if (snapBytes > bytes.length - 4) return undefined
  return { ok: true, tsUs: undefined, linkType: source.linkType, frame: bytes.subarray(4, 4 + snapBytes), wireBytes }
}

function timeUs(high: number, low: number, source: Interface): number | undefined {
  // Nanoseconds since 1970 do not fit a number exactly.
  const ticks = (BigInt(high) << 32n) | BigInt(low)
  const us = Number((ticks * 1_000_000n) / source.ticksPerSecond + source.offsetSeconds * 1_000_000n)
  return us >= 0 && us < END_OF_TIME_US ? us : undefined
}
