import { describe, expect, it } from 'vitest'
import { TEXT } from '../../src/event/columns.ts'
import { BlockWriter } from '../../src/event/writer.ts'
import { encodeHep } from '../../src/hep/encode.ts'

const SIP = 'OPTIONS sip:a@b SIP/2.0\r\nCall-ID: wrapped\r\nCSeq: 1 OPTIONS\r\n\r\n'

function blockOf(protocolType: number, payload: string) {
  const writer = new BlockWriter({ node: 'test', epoch: 1 })
  const packet = encodeHep({
    version: 3,
    ipProtocol: 17,
    srcPort: 1,
    dstPort: 2,
    protocolType,
    agentId: 1,
    payload: new TextEncoder().encode(payload),
  })
  writer.append(packet, 1)
  const block = writer.seal(1)
  if (block === undefined) throw new Error('no block')
  return block
}

describe('BlockWriter', () => {
  it('takes SIP out of the JSON of HOMER 6 mode', () => {
    const block = blockOf(1, JSON.stringify({ payload: SIP }))
    expect(block.text(TEXT.callId, 0)).toBe('wrapped')
    expect(new TextDecoder().decode(block.payload(0))).toBe(SIP)
  })

  it('keeps the TLS master key of a transport event out of the block', () => {
    const block = blockOf(
      89,
      JSON.stringify({ Event: 'CONNECTED', Status: 'SUCCESS', 'master-key': 'c0ffee'.repeat(16) }),
    )
    const text = new TextDecoder('latin1').decode(block.bytes)
    expect(text).toContain('CONNECTED')
    expect(text).not.toContain('c0ffee')
  })
})
