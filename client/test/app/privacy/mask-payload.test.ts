import { parseRtcp } from '@hepscope/shared/rtcp/binary.ts'
import { describe, expect, it } from 'vitest'
import { maskPayload } from '../../../src/app/privacy/mask-payload.ts'
import { maskerOf } from '../../../src/app/privacy/masker.ts'
import { RTCP } from '../../ladder/rtcp-bytes.ts'

const masker = maskerOf('0123456789abcdeffedcba9876543210')
const SENDER_REPORT_BYTES = 52

describe('maskPayload', () => {
  it('keeps the reports of RTCP, and nothing that names somebody', () => {
    const masked = maskPayload(RTCP, masker)
    expect(masked).toEqual(RTCP.subarray(0, SENDER_REPORT_BYTES))
    expect(parseRtcp(masked).map(({ type }) => type)).toEqual(['sender-report'])
  })

  it('keeps nothing of what is neither a report nor SIP, but says how long it is', () => {
    const text = (bytes: Uint8Array): string => new TextDecoder().decode(maskPayload(bytes, masker))
    expect(text(RTCP.subarray(SENDER_REPORT_BYTES))).toBe('[masked: 36 bytes]')
    expect(text(Uint8Array.of(0xff, 0xfe, 1))).toBe('[masked: 3 bytes]')
    expect(text(new TextEncoder().encode('SIP/2.0 200 OK\r\nTo: <sip:bob@example.com>\r\n\r\n'))).not.toContain('bob')
  })
})
