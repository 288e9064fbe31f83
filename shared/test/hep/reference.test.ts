import { describe, expect, it } from 'vitest'
import { ACCEPTED } from './reference/accepted.ts'
import { LEGACY } from './reference/legacy.ts'
import { REFUSED } from './reference/refused.ts'
import { SIP } from './reference/sip.ts'
import { STREAMS } from './reference/streams.ts'

/** Reads and clock of a connection, which the codec does not have: see the test of the TCP listener. */
const OF_THE_LISTENER = [65, 66]

describe('reference vectors', () => {
  it('are all there', () => {
    const numbers = [ACCEPTED, REFUSED, LEGACY, STREAMS, SIP].flat().map(({ no }) => no)
    const all = [...new Set([...numbers, ...OF_THE_LISTENER])].sort((a, b) => a - b)
    expect(all).toEqual(Array.from({ length: 77 }, (_, i) => i + 1))
  })

  describe.each([
    { group: 'version 3, accepted', vectors: ACCEPTED },
    { group: 'version 3, refused', vectors: REFUSED },
    { group: 'versions 1 and 2', vectors: LEGACY },
    { group: 'streams', vectors: STREAMS },
    { group: 'SIP', vectors: SIP },
  ])('$group', ({ vectors }) => {
    it.each(vectors)('$no $name', async ({ check }) => {
      await check()
    })
  })
})
