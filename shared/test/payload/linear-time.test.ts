import { describe, expect, it } from 'vitest'
import { CallTracker } from '../../src/call/tracker.ts'
import { BlockWriter } from '../../src/event/writer.ts'
import { readExtraCorrelation } from '../../src/hep/correlation.ts'
import { callIdOfPayload, viewPayload } from '../../src/payload/view.ts'
import { redactSecrets } from '../../src/payload/redact.ts'
import { headerValue } from '../../src/sip/header-value.ts'
import { hepOf, NOW_US, SOURCE } from '../event/rows.ts'

/** What grows with the length takes a few milliseconds for the largest packet; what grows with its square, seconds. */
const MOST_MS = 500
const PAYLOAD_BYTES = 65_000

const STARTS = ['', '{', '{"payload":"', 'x d', 'INVITE sip:a SIP/2.0\r\nCall-ID: ']
const REPEATED = [
  '\\"',
  '"',
  ' ',
  ',',
  ', ',
  '{"a":',
  '[',
  '"a":"b",',
  '"master-key" ',
  '\0',
  '\r\n ',
  '_b2b-1',
  'd1:a',
  'i1e',
  '1',
  'NLR=1 ',
  'CLOSED ',
  'a=rtpmap:',
  '\x80',
]
const ENDS = ['', 'x"}']
const TYPES = [1, 5, 35, 61, 89, 100]

/** The slowest of these, in milliseconds, with what it was. */
function slowest(run: (payload: Uint8Array) => void): { readonly ms: number; readonly payload: string } {
  let worst = { ms: 0, payload: '' }
  for (const start of STARTS) {
    for (const unit of REPEATED) {
      for (const end of ENDS) {
        const count = Math.floor((PAYLOAD_BYTES - start.length - end.length) / unit.length)
        const payload = Buffer.from(start + unit.repeat(count) + end, 'latin1')
        const startMs = performance.now()
        run(payload)
        const ms = performance.now() - startMs
        if (ms > worst.ms) worst = { ms, payload: JSON.stringify([start, unit, end]) }
      }
    }
  }
  return worst
}

describe('a payload of repeated bytes takes a time that grows with its length alone', () => {
  it.each([
    ...TYPES.map((type) => ({
      name: `view of type ${type}`,
      run: (payload: Uint8Array) => void callIdOfPayload(viewPayload(type, payload)),
    })),
    { name: 'further ids', run: (payload: Uint8Array) => void readExtraCorrelation(payload) },
    { name: 'secrets', run: (payload: Uint8Array) => void redactSecrets(89, payload) },
    { name: 'a header', run: (payload: Uint8Array) => void headerValue(payload, 'X-CID') },
    {
      name: 'a row and its call',
      run: (payload: Uint8Array) => {
        const writer = new BlockWriter(SOURCE)
        writer.append(hepOf(payload), NOW_US)
        const block = writer.seal(NOW_US)
        if (block !== undefined) new CallTracker({ maxCalls: 10 }).apply(block, 0)
      },
    },
  ])('$name', ({ run }) => {
    const { ms, payload } = slowest(run)
    expect(ms, payload).toBeLessThan(MOST_MS)
  })
})
