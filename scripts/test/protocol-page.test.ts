import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { transportOf } from '../../shared/src/hep/chunks.ts'
import { readExtraCorrelation } from '../../shared/src/hep/correlation.ts'
import { decodeHep } from '../../shared/src/hep/decode.ts'
import { WARNING_NAMES } from '../../shared/src/hep/fields.ts'
import type { HepFault, HepPacket, RawChunk } from '../../shared/src/hep/packet.ts'

const page = readFileSync(new URL('../../docs/protocol.md', import.meta.url), 'utf8')
/** A block of hex digits with comments, and the line that says what it decodes to. */
const EXAMPLE = /^```hex\n([^]*?)^```\n\nResult:\s`([^`]*)`$/gm

const examples = Array.from(page.matchAll(EXAMPLE), ([, block = '', result = '']) => {
  const digits = block.replace(/#.*/g, '').replace(/\s/g, '')
  return {
    result: result.replace(/\s+/g, ' '),
    bytes: Uint8Array.from(digits.match(/../g) ?? [], (pair) => parseInt(pair, 16)),
  }
})

describe('docs/protocol.md', () => {
  it('has examples, each with its result', () => {
    expect(examples.length).toBeGreaterThan(8)
    expect(examples).toHaveLength(page.split('```hex').length - 1)
  })

  it.each(examples)('says rightly: $result', ({ bytes, result }) => {
    expect(describeDecoded(bytes)).toBe(result)
  })

  it('names every warning and every fault', () => {
    const faults: Record<HepFault, true> = {
      'too-short': true,
      'unknown-format': true,
      'bad-total': true,
      truncated: true,
      'bad-chunk-length': true,
      'bad-chunk-size': true,
      'chunk-overrun': true,
      'chunk-truncated': true,
      'bad-family': true,
      'no-payload': true,
    }
    const named = [...WARNING_NAMES, ...Object.keys(faults)]
    expect(named.filter((name) => !page.includes(`| \`${name}\``))).toEqual([])
  })
})

function describeDecoded(bytes: Uint8Array): string {
  const decoded = decodeHep(bytes, 1_800_000_000_000_000)
  if (!decoded.ok) return `refused: ${decoded.reason} at byte ${decoded.offset}`
  const { packet, warnings, magic, agentIdHint } = decoded
  const parts = [
    `v${packet.version}${magic === undefined ? '' : ` as ${magic}`} ${transportOf(packet.ipProtocol)} ${packet.srcIp ?? '?'}:${packet.srcPort} > ${packet.dstIp ?? '?'}:${packet.dstPort}`,
    packet.tsUs === undefined ? 'no time' : `time ${(packet.tsUs / 1_000_000).toFixed(6)}`,
    `type ${packet.protocolType}`,
    `agent ${packet.agentId}${agentIdHint === undefined ? '' : ` (probably ${agentIdHint})`}`,
    describePayload(packet),
    ...(packet.chunks ?? []).map(describeChunk),
    ...(warnings.length > 0 ? [`warns ${warnings.join(', ')}`] : []),
  ]
  return parts.join(', ')
}

function describePayload({ payload, payloadCompressed }: HepPacket): string {
  if (payload === undefined) return 'no payload'
  return payloadCompressed === true
    ? `compressed ${payload.length} bytes`
    : `payload "${new TextDecoder().decode(payload)}"`
}

function describeChunk({ vendor, type, bytes }: RawChunk): string {
  const ids = Object.fromEntries(readExtraCorrelation(bytes).map(({ type: kind, id }) => [kind, id]))
  const hex = Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('')
  return `chunk ${vendor}/${type} ${type === 0x65 ? JSON.stringify(ids) : hex}`
}
