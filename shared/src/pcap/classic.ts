import type { CaptureItem } from './capture.ts'

const FILE_HEADER_BYTES = 24
const RECORD_HEADER_BYTES = 16
/** The most that libpcap captures of one frame, unless the file says more. */
const MAX_FRAME_BYTES = 262_144

const MAGIC_MICROSECONDS = 0xa1b2c3d4
const MAGIC_NANOSECONDS = 0xa1b23c4d

/**
 * Frames of a classic pcap file, either byte order, times in micro- or nanoseconds.
 *
 * @see https://www.ietf.org/archive/id/draft-ietf-opsawg-pcap-05.html
 */
export function* readClassicPcap(bytes: Uint8Array): Generator<CaptureItem, void, void> {
  if (bytes.length < FILE_HEADER_BYTES) {
    yield { ok: false, reason: 'truncated', offset: 0 }
    return
  }
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const magic = view.getUint32(0)
  const littleEndian = magic !== MAGIC_MICROSECONDS && magic !== MAGIC_NANOSECONDS
  const fractionsPerUs = view.getUint32(0, littleEndian) === MAGIC_NANOSECONDS ? 1000 : 1
  const maxFrameBytes = Math.max(MAX_FRAME_BYTES, view.getUint32(16, littleEndian))
  // The upper half tells of frame check sequences.
  const linkType = view.getUint32(20, littleEndian) & 0xffff

  let at = FILE_HEADER_BYTES
  while (at < bytes.length) {
    if (bytes.length - at < RECORD_HEADER_BYTES) {
      yield { ok: false, reason: 'truncated', offset: at }
      return
    }
    const capturedBytes = view.getUint32(at + 8, littleEndian)
    if (capturedBytes > maxFrameBytes) {
      yield { ok: false, reason: 'bad-record', offset: at }
      return
    }
    const frameAt = at + RECORD_HEADER_BYTES
    if (capturedBytes > bytes.length - frameAt) {
      yield { ok: false, reason: 'truncated', offset: at }
      return
    }
    const fractions = view.getUint32(at + 4, littleEndian)
    yield {
      ok: true,
      tsUs: view.getUint32(at, littleEndian) * 1_000_000 + Math.floor(fractions / fractionsPerUs),
      linkType,
      frame: bytes.subarray(frameAt, frameAt + capturedBytes),
      wireBytes: view.getUint32(at + 12, littleEndian),
    }
    at = frameAt + capturedBytes
  }
}
