import { CHUNK, GENERIC_VENDOR } from '@hepscope/shared/hep/chunks.ts'
import { HepFields } from '@hepscope/shared/hep/fields.ts'
import { CHUNK_HEADER_BYTES, HEADER_BYTES, scanHep } from '@hepscope/shared/hep/scan.ts'

/** HEP keeps seconds in 32 bits. */
const END_OF_TIME_US = 2 ** 32 * 1_000_000
const TIME_CHUNK_BYTES = CHUNK_HEADER_BYTES + 4

/**
 * Move the time in a HEP packet.
 *
 * @param packet HEP of any version; not changed
 * @param shiftUs whole microseconds, may be negative
 * @returns a changed copy; `packet` itself if it has no time or the new one would not fit
 */
export function shiftHepTime(packet: Uint8Array, shiftUs: number): Uint8Array {
  const fields = new HepFields()
  if (scanHep(packet, fields, Date.now() * 1000) !== undefined || fields.tsUs === 0) return packet
  const tsUs = fields.tsUs + shiftUs
  if (tsUs < 0 || tsUs >= END_OF_TIME_US) return packet
  // Not slice: that of a Buffer shares its memory.
  const copy = new Uint8Array(packet)
  const view = new DataView(copy.buffer)
  const seconds = Math.floor(tsUs / 1_000_000)
  if (fields.version === 3) {
    for (const { type, valueAt } of timeChunks(view)) {
      view.setUint32(valueAt, type === CHUNK.timestampSeconds ? seconds : tsUs % 1_000_000)
    }
    return copy
  }
  const at = 8 + 2 * fields.addressBytes
  // HEPv2 has the byte order of its sender; the scan has settled which.
  const littleEndian = view.getUint32(at, true) * 1_000_000 + view.getUint32(at + 4, true) === fields.tsUs
  view.setUint32(at, seconds, littleEndian)
  view.setUint32(at + 4, tsUs % 1_000_000, littleEndian)
  return copy
}

/** The chunks 0x0009 and 0x000a of a packet whose lengths were checked. */
function* timeChunks(view: DataView): Generator<{ type: number; valueAt: number }> {
  const end = view.getUint16(4)
  let at = HEADER_BYTES
  while (at + CHUNK_HEADER_BYTES <= end) {
    const type = view.getUint16(at + 2)
    const size = view.getUint16(at + 4)
    const isTime = type === CHUNK.timestampSeconds || type === CHUNK.timestampMicroseconds
    if (view.getUint16(at) === GENERIC_VENDOR && isTime && size === TIME_CHUNK_BYTES) {
      yield { type, valueAt: at + CHUNK_HEADER_BYTES }
    }
    at += size
  }
}
