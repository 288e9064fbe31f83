import { describe, expect, it } from 'vitest'
import { headerOf, readSipText } from '../../src/export/sip-text.ts'
import { messageText } from '../../src/export/text.ts'

const utf8 = new TextEncoder()
const FLOW = { tsUs: 1_763_769_600_000_001, srcPort: 5060, dstPort: 5061 }

describe('messageText', () => {
  it.each([
    { ipProtocol: 17, srcIp: '10.0.0.1', dstIp: '10.0.0.2', line: 'UDP 10.0.0.1:5060 -> 10.0.0.2:5061' },
    { ipProtocol: 22, srcIp: '::1', dstIp: '::2', line: 'TLS [::1]:5060 -> [::2]:5061' },
  ])('begins with $line', ({ line, ...ends }) => {
    const text = messageText({ ...FLOW, ...ends, bytes: utf8.encode('BYE a SIP/2.0\r\nX: y\r\n\r\n') })
    expect(text).toBe(`--- 2025-11-22 00:00:00.000001 ${line}\n\nBYE a SIP/2.0\nX: y\n\n`)
  })

  it('shows what is not UTF-8', () => {
    const ends = { ipProtocol: 6, srcIp: '10.0.0.1', dstIp: '10.0.0.2' }
    expect(messageText({ ...FLOW, ...ends, bytes: Uint8Array.of(0x61, 0xff) })).toContain('a\ufffd')
  })
})

describe('readSipText', () => {
  it('reads compact names, folded lines and the body', () => {
    const message = readSipText(
      utf8.encode(
        'INVITE sip:b SIP/2.0\r\nv: SIP/2.0/UDP a\r\n ;branch=z\r\ni : x\r\nCSeq: 7  INVITE\r\n\r\nv=0\r\n\r\n',
      ),
    )
    expect(message).toMatchObject({ method: 'INVITE', statusCode: 0, cseqNumber: 7, cseqMethod: 'INVITE' })
    expect(message && [headerOf(message, 'via'), headerOf(message, 'call-id'), headerOf(message, 'to')]).toEqual([
      'SIP/2.0/UDP a ;branch=z',
      'x',
      '',
    ])
    expect(message?.body).toBe('v=0\r\n\r\n')
  })

  it.each(['', 'hello', 'INVITE sip:b SIP/2.0\r\n\r\n', 'SIP/2.0 20 OK\r\nCSeq: 1 BYE\r\n\r\n', '\r\n\r\nx'])(
    'takes %j for no message',
    (text) => {
      expect(readSipText(utf8.encode(text))).toBeUndefined()
    },
  )
})
