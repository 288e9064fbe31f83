import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { maskHeaders } from '../../src/event/mask.ts'
import { blockOf, hepOf, sipText } from './rows.ts'

const NAMES = ['authorization', 'proxy-authorization']
const text = (message: string): string => {
  const block = maskHeaders(blockOf([hepOf(message)]), NAMES)
  return new TextDecoder().decode(block.payload(0))
}

describe('maskHeaders', () => {
  it('hides the value of each named header, whatever its case and blanks, and nothing else', () => {
    const message = sipText(
      'REGISTER sip:h SIP/2.0',
      'Call-ID: abc',
      'AUTHORIZATION : Digest u="a"',
      'X-Authorization: seen',
      'Proxy-Authorization:Digest\r\n response="b"',
      'CSeq: 1 REGISTER',
    )
    const expected = message
      .replace('Digest u="a"', '************')
      .replace('Digest\r\n response="b"', '******\r\n ************')
    expect(text(message)).toBe(expected)
  })

  it('leaves the body alone', () => {
    const message = sipText('MESSAGE sip:h SIP/2.0', 'CSeq: 1 MESSAGE') + 'Authorization: in the body\r\n'
    expect(text(message)).toBe(message)
  })

  it('returns the same block if there is nothing to hide, and never changes the one it was given', () => {
    const plain = blockOf([
      hepOf(sipText('OPTIONS sip:h SIP/2.0', 'CSeq: 1 OPTIONS')),
      hepOf('{}', { protocolType: 5 }),
    ])
    expect(maskHeaders(plain, NAMES)).toBe(plain)
    const secret = blockOf([hepOf(sipText('OPTIONS sip:h SIP/2.0', 'Authorization: secret', 'CSeq: 1 OPTIONS'))])
    maskHeaders(secret, NAMES)
    expect(new TextDecoder().decode(secret.payload(0))).toContain('secret')
  })

  it('keeps the length of every message and the texts of its columns', () => {
    const lines = fc.array(
      fc.constantFrom('Authorization: a', ' folded', '\tx', 'Via: y', ':', 'Authorization:', 'é: ü'),
    )
    fc.assert(
      fc.property(lines, (more) => {
        const block = blockOf([hepOf(sipText('OPTIONS sip:h SIP/2.0', 'Call-ID: abc', ...more))])
        const masked = maskHeaders(block, NAMES)
        expect(masked.payload(0).length).toBe(block.payload(0).length)
        expect(masked.text(0, 0)).toBe(block.text(0, 0))
        expect(new TextDecoder().decode(masked.payload(0))).not.toMatch(/^Authorization: a/m)
      }),
    )
  })
})
