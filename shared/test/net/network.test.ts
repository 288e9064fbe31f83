import { describe, expect, it } from 'vitest'
import { parseIp } from '../../src/net/ip.ts'
import { isInNetwork, parseNetwork } from '../../src/net/network.ts'
import { hex } from '../rtcp/hex.ts'

describe('parseNetwork', () => {
  it.each([
    { text: '10.0.0.1', address: '0a000001', prefixBits: 32 },
    { text: '10.0.0.0/8', address: '0a000000', prefixBits: 8 },
    { text: '0.0.0.0/0', address: '00000000', prefixBits: 0 },
    { text: '2001:db8::/32', address: '20010db8000000000000000000000000', prefixBits: 32 },
    { text: '::1', address: '00000000000000000000000000000001', prefixBits: 128 },
    { text: '[::1]', address: '00000000000000000000000000000001', prefixBits: 128 },
  ])('reads $text', ({ text, address, prefixBits }) => {
    expect(parseNetwork(text)).toEqual({ address: hex(address), prefixBits })
  })

  it.each([
    '',
    '/8',
    '10.0.0.0/',
    '10.0.0.0/33',
    '::/129',
    '10.0.0.0/-1',
    '10.0.0.0/8/8',
    '10.0.0.0/a',
    '10.0/8',
    '[::1',
  ])('refuses "%s"', (text) => {
    expect(parseNetwork(text)).toBeUndefined()
  })
})

describe('isInNetwork', () => {
  it.each([
    { network: '10.0.0.0/8', address: '10.255.0.1', expected: true },
    { network: '10.0.0.0/8', address: '11.0.0.1', expected: false },
    { network: '10.0.0.128/25', address: '10.0.0.128', expected: true },
    { network: '10.0.0.128/25', address: '10.0.0.127', expected: false },
    { network: '10.0.0.4/31', address: '10.0.0.5', expected: true },
    { network: '10.0.0.4/31', address: '10.0.0.6', expected: false },
    { network: '10.0.0.77/8', address: '10.1.2.3', expected: true },
    { network: '10.0.0.1', address: '10.0.0.1', expected: true },
    { network: '10.0.0.1', address: '10.0.0.2', expected: false },
    { network: '0.0.0.0/0', address: '192.0.2.1', expected: true },
    { network: '0.0.0.0/0', address: '::1', expected: false },
    { network: '::/0', address: '10.0.0.1', expected: false },
    { network: '2001:db8::/33', address: '2001:db8:7fff::1', expected: true },
    { network: '2001:db8::/33', address: '2001:db8:8000::1', expected: false },
    { network: '::1', address: '::1', expected: true },
  ])('says $expected for $address in $network', ({ network, address, expected }) => {
    const parsed = parseNetwork(network)
    const bytes = parseIp(address)
    expect(parsed && bytes && isInNetwork(parsed, bytes, bytes.length)).toBe(expected)
  })
})
