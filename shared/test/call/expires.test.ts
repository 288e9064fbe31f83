import { describe, expect, it } from 'vitest'
import { asksToLeave } from '../../src/call/expires.ts'

describe('asksToLeave', () => {
  it.each([
    { name: 'Expires: 0', header: 'Expires: 0', leaves: true },
    { name: 'any case and spaces', header: 'EXPIRES :\t00 ', leaves: true },
    { name: 'a Contact parameter', header: 'Contact: <sip:a@b>;q=1;expires=0', leaves: true },
    { name: 'a Contact parameter before another', header: 'Contact: <sip:a@b>;expires=0;q=1', leaves: true },
    { name: 'Expires: 3600', header: 'Expires: 3600', leaves: false },
    { name: 'Expires: 05', header: 'Expires: 05', leaves: false },
    { name: 'another header', header: 'Min-Expires: 0', leaves: false },
    { name: 'a text that only sounds so', header: 'Subject: expires=0', leaves: false },
  ])('reads $name', ({ header, leaves }) => {
    const message = `REGISTER sip:b SIP/2.0\r\n${header}\r\nCSeq: 1 REGISTER\r\n\r\nExpires: 0\r\n`
    expect(asksToLeave(new TextEncoder().encode(message))).toBe(leaves)
  })

  it('does not look into the body, and takes no payload for no', () => {
    expect(asksToLeave(new TextEncoder().encode('REGISTER sip:b SIP/2.0\r\n\r\nExpires: 0'))).toBe(false)
    expect(asksToLeave(new Uint8Array(0))).toBe(false)
  })
})
