import { describe, expect, it } from 'vitest'
import { isBinary, payloadBytes, payloadNotice, shownText } from '../../../src/app/message/payload-text.ts'
import { RTCP } from '../../ladder/rtcp-bytes.ts'

const lossy = new TextDecoder()

function payload(raw: Uint8Array) {
  return { kind: 'text', text: lossy.decode(raw), raw } as const
}

describe('a payload that is no text', () => {
  it('is shown in words where it is RTCP, with its exact bytes', () => {
    expect(payloadBytes(payload(RTCP))).toEqual(RTCP)
    expect(isBinary(payload(RTCP))).toBe(false)
    expect(shownText(payload(RTCP)).split('\n')).toEqual([
      'Sender report of SSRC 0x11223344',
      '  has sent 100 packets, 16,000 bytes',
      '  RTP time 65536, 2023-11-14T21:58:24.500Z',
      '  hears SSRC 0x55667788',
      '    loss 10.2 %, -2 packets since the start',
      '    jitter 80 samples, highest sequence 107187',
      '    last sender report 6c008000, 1.500 s before',
      'Description of SSRC 0x11223344',
      '  CNAME a@exy',
      '  TOOL Tx',
      'Goodbye of SSRC 0x11223344: bye',
    ])
  })

  it('is text where it is text in another character set', () => {
    const latin = payload(Uint8Array.of(0x42, 0xf6, 0x0d, 0x0a))
    expect(isBinary(latin)).toBe(false)
    expect(shownText(latin)).toBe('B\uFFFD\r\n')
    expect(payloadBytes(latin)).toHaveLength(4)
  })

  it('is bytes and nothing else otherwise', () => {
    expect(isBinary(payload(Uint8Array.of(0x80, 0, 1, 2)))).toBe(true)
    const unreadable = { kind: 'text', text: '', raw: Uint8Array.of(0x1f, 0x8b) } as const
    expect(payloadNotice(unreadable)).toBeUndefined()
    expect(payloadNotice({ kind: 'text', text: '', raw: undefined })).toMatch(/no payload/)
  })
})
