import { describe, expect, it } from 'vitest'
import { callIdOfPayload, viewPayload } from '../../src/payload/view.ts'

describe('callIdOfPayload', () => {
  it.each([
    { name: 'an RTP report', type: 34, payload: { MOS: 4, RTP_SIP_CALL_ID: 'c1', CORRELATION_ID: 'x' }, callId: 'c1' },
    { name: 'a report with a correlation id alone', type: 34, payload: { MOS: 4, CORRELATION_ID: 'x' }, callId: 'x' },
    { name: 'horaclifix', type: 38, payload: { OUT_MOS: 400, OUT_ID: 'c2' }, callId: 'c2' },
    { name: 'rtpengine', type: 61, payload: 'k d7:call-id2:c1e', callId: 'c1' },
    { name: 'a log line', type: 100, payload: 'hi', callId: undefined },
  ])('of $name is $callId', ({ type, payload, callId }) => {
    const bytes = new TextEncoder().encode(typeof payload === 'string' ? payload : JSON.stringify(payload))
    expect(callIdOfPayload(viewPayload(type, bytes))).toBe(callId)
  })
})
