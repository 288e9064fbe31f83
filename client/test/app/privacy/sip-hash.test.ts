import { expect, it } from 'vitest'
import { sipHashBytes } from '../../../src/app/privacy/sip-hash.ts'

it('is SipHash-2-4, by the vector of its paper', () => {
  const bytes = Uint8Array.from({ length: 15 }, (_, i) => i)
  expect(sipHashBytes([0x0706050403020100n, 0x0f0e0d0c0b0a0908n], bytes)).toBe(0xa129ca6149be45e5n)
})
