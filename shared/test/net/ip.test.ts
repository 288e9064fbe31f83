import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { formatIp, parseIp } from '../../src/net/ip.ts'
import { hex } from '../rtcp/hex.ts'

describe('formatIp', () => {
  it.each([
    { name: 'IPv4', bytes: '0a000001', text: '10.0.0.1' },
    { name: 'the largest IPv4', bytes: 'ffffffff', text: '255.255.255.255' },
    { name: 'the unspecified address', bytes: '00000000000000000000000000000000', text: '::' },
    { name: 'loopback', bytes: '00000000000000000000000000000001', text: '::1' },
    { name: 'zeros at the end', bytes: '20010db8000000000000000000000000', text: '2001:db8::' },
    { name: 'no leading zeros (4.1)', bytes: '20010db8000000000000000000000001', text: '2001:db8::1' },
    {
      name: 'a lone zero group as it is (4.2.2)',
      bytes: '20010db8000000010001000100010001',
      text: '2001:db8:0:1:1:1:1:1',
    },
    { name: 'the longest run as :: (4.2.3)', bytes: '20010000000000010000000000000001', text: '2001:0:0:1::1' },
    {
      name: 'the first of two equal runs as :: (4.2.3)',
      bytes: '20010db8000000000001000000000001',
      text: '2001:db8::1:0:0:1',
    },
    { name: 'lower case (4.3)', bytes: '20010db80000000000000000aaaabbcc', text: '2001:db8::aaaa:bbcc' },
    { name: 'no zeros at all', bytes: '20010db8000100020003000400050006', text: '2001:db8:1:2:3:4:5:6' },
    { name: 'a run of seven', bytes: '00010000000000000000000000000000', text: '1::' },
    { name: 'mapped IPv4 in groups', bytes: '00000000000000000000ffff0a000001', text: '::ffff:a00:1' },
  ])('writes $name', ({ bytes, text }) => {
    const address = hex(bytes)
    expect(formatIp(hex(`ff${bytes}ff`), 1, address.length)).toBe(text)
    expect(parseIp(text)).toEqual(address)
  })
})

describe('parseIp', () => {
  it.each([
    { text: '2001:DB8:0:0:0:0:0:1', bytes: '20010db8000000000000000000000001' },
    { text: '2001:0db8::0001', bytes: '20010db8000000000000000000000001' },
    { text: '::ffff:10.0.0.1', bytes: '00000000000000000000ffff0a000001' },
    { text: '1:2:3:4:5:6:1.2.3.4', bytes: '00010002000300040005000601020304' },
    { text: '1:2:3:4:5:6:7::', bytes: '00010002000300040005000600070000' },
    { text: '010.0.0.1', bytes: '0a000001' },
  ])('reads $text', ({ text, bytes }) => {
    expect(parseIp(text)).toEqual(hex(bytes))
  })

  it.each([
    '',
    '10.0.0',
    '10.0.0.1.2',
    '10.0.0.256',
    '10.0.0.-1',
    '10.0.0.1 ',
    '10..0.1',
    '0x10.0.0.1',
    'proxy',
    ':',
    ':::',
    '1::2::3',
    '1:2:3:4:5:6:7',
    '1:2:3:4:5:6:7:8:9',
    '1:2:3:4::5:6:7:8',
    '12345::',
    '::g',
    '::1.2.3',
    '1.2.3.4::',
    '[::1]',
    'fe80::1%eth0',
    '::1/64',
  ])('refuses "%s"', (text) => {
    expect(parseIp(text)).toBeUndefined()
  })

  it('is the inverse of formatIp', () => {
    const sparse = fc.oneof(fc.constant(0), fc.nat(255))
    const address = fc.constantFrom(4, 16).chain((size) => fc.array(sparse, { minLength: size, maxLength: size }))
    fc.assert(
      fc.property(address, (bytes) => {
        expect(parseIp(formatIp(Uint8Array.from(bytes), 0, bytes.length))).toEqual(Uint8Array.from(bytes))
      }),
    )
  })

  it('never throws', () => {
    const text = fc.string({ unit: fc.constantFrom('0', '1', 'f', '255', ':', '::', '.', '/', ' ') })
    fc.assert(
      fc.property(text, (input) => {
        const size = parseIp(input)?.length
        return size === undefined || size === 4 || size === 16
      }),
    )
  })
})
