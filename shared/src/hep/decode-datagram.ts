import { type InflateFault, INFLATE_LIMIT_BYTES, isGzip } from './compression.ts'
import { decodeHep } from './decode.ts'
import type { Decoded, HepWarning } from './packet.ts'
import { MAX_PACKET_BYTES, type ScanOptions } from './scan.ts'

export type DecodedDatagram = Decoded | { readonly ok: false; readonly reason: InflateFault; readonly offset: 0 }

/**
 * Decode one datagram, and inflate what is compressed in it: the whole of it (heplify's `payload_zip`; one layer,
 * warned as `gzip-datagram`), and the payload of chunk 0x0010 to at most 256 KiB. A payload that does not inflate stays
 * as it came, `payloadCompressed`, with a warning that says why.
 *
 * @param bytes one datagram, or one packet of a stream
 * @returns the packet, or the first fault; never rejects
 */
export async function decodeHepDatagram(
  bytes: Uint8Array,
  nowUs = Date.now() * 1000,
  options: ScanOptions = {},
): Promise<DecodedDatagram> {
  const isZipped = isGzip(bytes, 0)
  const packet = isZipped ? await inflate(bytes, MAX_PACKET_BYTES) : bytes
  if (typeof packet === 'string') return { ok: false, reason: packet, offset: 0 }
  const decoded = await inflatePayload(decodeHep(packet, nowUs, options))
  return decoded.ok && isZipped ? { ...decoded, warnings: [...decoded.warnings, 'gzip-datagram'] } : decoded
}

async function inflatePayload(decoded: Decoded): Promise<Decoded> {
  if (!decoded.ok || decoded.packet.payload === undefined || decoded.packet.payloadCompressed !== true) return decoded
  const { payloadCompressed: _, ...packet } = decoded.packet
  const payload = await inflate(decoded.packet.payload, INFLATE_LIMIT_BYTES)
  if (typeof payload === 'string') return { ...decoded, warnings: [...decoded.warnings, payload] }
  const isLeft = (warning: HepWarning): boolean => warning !== 'compressed-payload'
  return { ...decoded, packet: { ...packet, payload }, warnings: decoded.warnings.filter(isLeft) }
}

/** Inflate gzip or zlib by what every browser and Node have; it stops reading where the limit is passed. */
async function inflate(bytes: Uint8Array, limit: number): Promise<Uint8Array | InflateFault> {
  const { readable, writable } = new DecompressionStream(isGzip(bytes, 0) ? 'gzip' : 'deflate')
  const writer = writable.getWriter()
  // What goes wrong here goes wrong for the reader too.
  writer.write(Uint8Array.from(bytes)).catch(() => undefined)
  writer.close().catch(() => undefined)
  const reader = readable.getReader()
  const pieces: Uint8Array[] = []
  let length = 0
  try {
    for (;;) {
      const { done, value } = await reader.read()
      if (done) break
      pieces.push(value)
      length += value.length
      if (length > limit) {
        await reader.cancel()
        return 'inflate-limit'
      }
    }
  } catch {
    return 'bad-compression'
  }
  const inflated = new Uint8Array(length)
  let at = 0
  for (const piece of pieces) {
    inflated.set(piece, at)
    at += piece.length
  }
  return inflated
}
