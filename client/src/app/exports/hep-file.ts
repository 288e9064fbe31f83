import { encodeHep, HepEncodeError } from '@hepscope/shared/hep/encode.ts'
import { isRecord, numberOf, textOf } from '../http/request.ts'
import type { StoredRow } from '../http/row-stream.ts'

/** HEPv3 packets to be written one behind the other. */
export interface HepFile {
  readonly parts: Uint8Array<ArrayBuffer>[]
  readonly packetCount: number
}

/**
 * The HEP packets that stored rows were; rows without a payload, and what HEP cannot hold, are left out.
 *
 * @param ndjson a row a line
 */
export function hepFile(ndjson: string): HepFile {
  const parts: Uint8Array<ArrayBuffer>[] = []
  for (const line of ndjson.split('\n')) {
    const row: unknown = line === '' ? undefined : JSON.parse(line)
    const packet = isRecord(row) ? packetOf(row) : undefined
    if (packet !== undefined) parts.push(packet)
  }
  return { parts, packetCount: parts.length }
}

function packetOf(row: StoredRow): Uint8Array<ArrayBuffer> | undefined {
  const payload = payloadOf(row)
  if (payload === undefined) return undefined
  const [srcIp, dstIp] = [textOf(row, 'src_ip'), textOf(row, 'dst_ip')]
  const [correlationId, agentName] = [textOf(row, 'cid'), textOf(row, 'agent_name')]
  try {
    // A copy, for small packets share memory.
    return new Uint8Array(
      encodeHep({
        version: 3,
        ipProtocol: numberOf(row, 'protocol'),
        ...(srcIp !== '' && { srcIp }),
        ...(dstIp !== '' && { dstIp }),
        srcPort: numberOf(row, 'src_port'),
        dstPort: numberOf(row, 'dst_port'),
        tsUs: numberOf(row, 'ts_us'),
        protocolType: numberOf(row, 'proto_type') || 1,
        agentId: numberOf(row, 'node_id'),
        ...(correlationId !== '' && { correlationId }),
        ...(agentName !== '' && { agentName }),
        payload,
      }),
    )
  } catch (error) {
    if (error instanceof HepEncodeError) return undefined
    throw error
  }
}

/** The bytes as they were: `payload_raw` has those that are no text. */
function payloadOf(row: StoredRow): Uint8Array | undefined {
  const raw = textOf(row, 'payload_raw')
  if (raw !== '') return Uint8Array.from(atob(raw.replace(/\s/g, '')), (character) => character.charCodeAt(0))
  const text = textOf(row, 'payload')
  return text === '' ? undefined : new TextEncoder().encode(text)
}
