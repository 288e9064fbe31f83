import { CHUNK, GENERIC_VENDOR, IP_PROTOCOL, PROTOCOL_TYPE } from './chunks.ts'
import { type Correlation, extraCorrelationChunk, homer5CorrelationId } from './correlation.ts'
import { HepEncodeError } from './encode-error.ts'
import type { RawChunk } from './packet.ts'
import { CHUNK_HEADER_BYTES, MAX_PACKET_BYTES } from './scan.ts'

const utf8 = new TextEncoder()

export interface CorrelateOptions {
  readonly agentId: number
  /** Whole microseconds since 1970. */
  readonly tsUs: number
  readonly mode: 'homer5' | 'homer6'
  /**
   * `empty-json` adds the payload `{}`. OpenSIPS sends none, and since May 2026 refuses such packets when it
   * receives them; Homer and hepscope take both.
   */
  readonly payload?: 'none' | 'empty-json'
}

/**
 * Its chunks up to the ids, in OpenSIPS' order: IPv4, TCP, ports 0, seconds, microseconds, type 96, agent id, and twice
 * 127.0.0.2, which is what OpenSIPS names where a trace has no addresses.
 */
const CONTROL_FRAME = Uint8Array.of(
  ...[0x48, 0x45, 0x50, 0x33, 0, 0],
  ...[0, 0, 0, 0x01, 0, 7, 2],
  ...[0, 0, 0, 0x02, 0, 7, IP_PROTOCOL.tcp],
  ...[0, 0, 0, 0x07, 0, 8, 0, 0],
  ...[0, 0, 0, 0x08, 0, 8, 0, 0],
  ...[0, 0, 0, 0x09, 0, 10, 0, 0, 0, 0],
  ...[0, 0, 0, 0x0a, 0, 10, 0, 0, 0, 0],
  ...[0, 0, 0, 0x0b, 0, 7, PROTOCOL_TYPE.openSipsControl],
  ...[0, 0, 0, 0x0c, 0, 10, 0, 0, 0, 0],
  ...[0, 0, 0, 0x03, 0, 10, 127, 0, 0, 2],
  ...[0, 0, 0, 0x04, 0, 10, 127, 0, 0, 2],
)
const TOTAL_AT = 4
const SECONDS_AT = 42
const MICROSECONDS_AT = 52
const AGENT_ID_AT = 69
const MOST_SECONDS = 0xffff_ffff

/**
 * The packet by which OpenSIPS' `correlate` ties two ids together, chunk by chunk in its order.
 *
 * In HOMER 5 mode it can carry one id alone, the last whose type begins with `sip`; if there is none it says nothing.
 *
 * @returns a HEPv3 packet of protocol type 96 from and to 127.0.0.2, both ports 0
 * @throws HepEncodeError if both types are the same, or an id is too long or a number out of range
 * @see OpenSIPS proto_hep and tracer, `correlate`
 */
export function encodeCorrelate(first: Correlation, second: Correlation, options: CorrelateOptions): Uint8Array {
  if (first.type === second.type) throw new HepEncodeError('same-type', `both ids are of type "${first.type}"`)
  const { agentId, tsUs } = options
  if (!Number.isInteger(agentId) || agentId < 0 || agentId > 0xffff_ffff) {
    throw new HepEncodeError('out-of-range', `agentId ${agentId} is not within 0 to 4294967295`)
  }
  const seconds = Math.floor(tsUs / 1_000_000)
  if (!Number.isInteger(tsUs) || seconds < 0 || seconds > MOST_SECONDS) {
    throw new HepEncodeError('out-of-range', `tsUs ${tsUs} is not within 1970 to 2106`)
  }
  const chunks: RawChunk[] = []
  if (options.mode === 'homer6') {
    chunks.push(extraCorrelationChunk([first, second]))
  } else {
    const id = homer5CorrelationId([first, second])
    if (id !== undefined) chunks.push({ vendor: GENERIC_VENDOR, type: CHUNK.correlationId, bytes: utf8.encode(id) })
  }
  // Last: some receivers take an id for text that ends at the first byte of the next chunk.
  if (options.payload === 'empty-json') {
    chunks.push({ vendor: GENERIC_VENDOR, type: CHUNK.payload, bytes: utf8.encode('{}') })
  }
  const total = chunks.reduce((sum, { bytes }) => sum + CHUNK_HEADER_BYTES + bytes.length, CONTROL_FRAME.length)
  if (total > MAX_PACKET_BYTES) {
    throw new HepEncodeError('too-large', `packet of ${total} bytes; HEPv3 ends at ${MAX_PACKET_BYTES}`)
  }
  const out = new Uint8Array(total)
  const view = new DataView(out.buffer)
  out.set(CONTROL_FRAME)
  view.setUint16(TOTAL_AT, total)
  view.setUint32(SECONDS_AT, seconds)
  view.setUint32(MICROSECONDS_AT, tsUs % 1_000_000)
  view.setUint32(AGENT_ID_AT, agentId)
  let at = CONTROL_FRAME.length
  for (const { type, bytes } of chunks) {
    view.setUint16(at + 2, type)
    view.setUint16(at + 4, CHUNK_HEADER_BYTES + bytes.length)
    out.set(bytes, at + CHUNK_HEADER_BYTES)
    at += CHUNK_HEADER_BYTES + bytes.length
  }
  return out
}
