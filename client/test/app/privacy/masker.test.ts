import { describe, expect, it } from 'vitest'
import { maskerOf } from '../../../src/app/privacy/masker.ts'

const masker = maskerOf('0123456789abcdeffedcba9876543210')

describe('Masker', () => {
  it('knows one address in each of its forms, and one user with each attachment', () => {
    expect(masker.host('2001:DB8:0::1')).toBe(masker.host('2001:db8::1'))
    expect(masker.host('[2001:db8::1]')).toBe(`[${masker.host('2001:db8::1')}]`)
    expect(masker.endpoint('[2001:db8::1]:5060')).toBe(`[${masker.host('2001:db8::1')}]:5060`)
    expect(masker.endpoint('10.0.0.1:5060')).toBe(`${masker.host('10.0.0.1')}:5060`)
    expect(masker.host('SIP.example.com')).toBe(masker.host('sip.example.com'))
    expect(masker.user('+4930;npdi:secret')).toBe(masker.user('+4930'))
  })

  it('tells numbers from names, and hosts from users', () => {
    expect(masker.user('+49-30-123')).toMatch(/^n-[a-z]{7}$/)
    expect(masker.user('alice')).toMatch(/^u-[a-z]{7}$/)
    expect(masker.host('sip.example.com')).toMatch(/^h-[a-z]{7}\.invalid$/)
    expect(masker.party('10.0.0.1')).toMatch(/^2[45]\d\./)
    expect(masker.host('')).toBe('')
    expect(masker.user('')).toBe('')
  })

  it('finds addresses in a text, and leaves times and versions', () => {
    const masked = masker.text('to 10.0.0.1: fe80::1, ::ffff:10.0.0.1 at 14:03:07, v1.2.3')
    expect(masked).not.toMatch(/10\.0\.0\.1|fe80/)
    expect(masked).toMatch(/at 14:03:07, v1\.2\.3$/)
  })

  it('tells a Call-ID from its pseudonym', () => {
    expect(masker.realCallId(masker.callId('a@10.0.0.1'))).toBe('a@10.0.0.1')
    expect(masker.realCallId('other')).toBe('other')
  })

  it.each(['10.0.0.1:5060', '[2001:db8::1]:5060', '2001:db8::1', 'sbc.example.com'])(
    'tells %s from its pseudonym',
    (text) => {
      const masked = masker.endpoint(text)
      expect(masked).not.toBe(text)
      expect(masker.realEndpoint(masked)).toBe(text)
      expect(masker.realEndpoint(`not ${masked}`)).toBe(`not ${masked}`)
    },
  )
})
