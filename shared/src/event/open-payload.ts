import { PROTOCOL_TYPE } from '../hep/chunks.ts'
import { type Inflate, INFLATE_LIMIT_BYTES } from '../hep/compression.ts'
import { type HepFields, WARNING } from '../hep/fields.ts'
import { unwrapSip } from '../payload/parts.ts'
import { redactSecrets } from '../payload/redact.ts'

const BRACE = 0x7b

/** True if a payload is not stored as it came: compressed, SIP inside HOMER 6 JSON, or with a TLS session's key. */
export function isWrapped(packet: Uint8Array, fields: HepFields): boolean {
  return fields.payloadCompressed || hidesSomething(fields.protocolType, packet[fields.payloadAt])
}

/**
 * The payload without its wrapping: neither is stored or streamed in it.
 *
 * @returns undefined if it is compressed and stays so; `fields.warnings` then says why
 */
export function openPayload(
  packet: Uint8Array,
  fields: HepFields,
  inflate: Inflate | undefined,
): Uint8Array | undefined {
  const { protocolType } = fields
  const raw = packet.subarray(fields.payloadAt, fields.payloadEnd)
  const payload = fields.payloadCompressed ? inflatePayload(raw, fields, inflate) : raw
  if (payload === undefined || !hidesSomething(protocolType, payload[0])) return payload
  return protocolType === PROTOCOL_TYPE.sip ? unwrapSip(payload) : redactSecrets(protocolType, payload)
}

function hidesSomething(protocolType: number, first: number | undefined): boolean {
  return (protocolType === PROTOCOL_TYPE.sip && first === BRACE) || protocolType === PROTOCOL_TYPE.openSipsNet
}

function inflatePayload(bytes: Uint8Array, fields: HepFields, inflate: Inflate | undefined): Uint8Array | undefined {
  const inflated = inflate?.(bytes, INFLATE_LIMIT_BYTES)
  if (inflated === undefined) return undefined
  if (typeof inflated !== 'string') {
    fields.warnings &= ~WARNING.compressedPayload
    return inflated
  }
  fields.warnings |= inflated === 'inflate-limit' ? WARNING.inflateLimit : WARNING.badCompression
  return undefined
}
