import { PROTOCOL_TYPE } from '../hep/chunks.ts'
import type { HepFields } from '../hep/fields.ts'
import { unwrapSip } from '../payload/parts.ts'
import { redactSecrets } from '../payload/redact.ts'

/** Most bytes that one inflated payload may have; 64 KiB times 4. */
export const INFLATE_LIMIT_BYTES = 4 * 0x10000
const BRACE = 0x7b

/** Inflates a gzip or zlib payload to at most `limit` bytes; undefined if it cannot. */
export type Inflate = (bytes: Uint8Array, limit: number) => Uint8Array | undefined

/** True if a payload is not stored as it came: compressed, SIP inside HOMER 6 JSON, or with a TLS session's key. */
export function isWrapped(packet: Uint8Array, fields: HepFields): boolean {
  return fields.payloadCompressed || hidesSomething(fields.protocolType, packet[fields.payloadAt])
}

/**
 * The payload without its wrapping: neither is stored or streamed in it.
 *
 * @returns undefined if it is compressed and stays so
 */
export function openPayload(
  packet: Uint8Array,
  fields: HepFields,
  inflate: Inflate | undefined,
): Uint8Array | undefined {
  const { protocolType } = fields
  const raw = packet.subarray(fields.payloadAt, fields.payloadEnd)
  const payload = fields.payloadCompressed ? inflatePayload(raw, inflate) : raw
  if (payload === undefined || !hidesSomething(protocolType, payload[0])) return payload
  return protocolType === PROTOCOL_TYPE.sip ? unwrapSip(payload) : redactSecrets(protocolType, payload)
}

function hidesSomething(protocolType: number, first: number | undefined): boolean {
  return (protocolType === PROTOCOL_TYPE.sip && first === BRACE) || protocolType === PROTOCOL_TYPE.openSipsNet
}

/** What chunk 0x0010 holds: gzip, zlib, or (from a relay that had inflated it already) plain bytes. */
function inflatePayload(bytes: Uint8Array, inflate: Inflate | undefined): Uint8Array | undefined {
  const first = bytes[0] ?? 0
  const second = bytes[1] ?? 0
  const isGzip = first === 0x1f && second === 0x8b
  const isZlib = (first & 0x0f) === 8 && ((first << 8) | second) % 31 === 0
  return isGzip || isZlib ? inflate?.(bytes, INFLATE_LIMIT_BYTES) : bytes
}
