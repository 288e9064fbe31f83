import { networkInterfaces } from 'node:os'
import { describe, expect, it } from 'vitest'
import type { HepDestination } from '../../src/trace/hep-id.ts'
import { findOwnListener } from '../../src/trace/own-listener.ts'

const any = { transport: 'udp', host: '0.0.0.0', port: 9060 }
const loopback = { transport: 'tcp', host: '127.0.0.1', port: 9061 }
const to = (host: string, port: number, transport: 'udp' | 'tcp'): HepDestination => ({
  name: 'x',
  host,
  port,
  transport,
  version: 3,
})

describe('findOwnListener', () => {
  it.each([
    { name: 'the address itself', destination: to('127.0.0.1', 9061, 'tcp'), expected: loopback },
    { name: 'localhost', destination: to('localhost', 9061, 'tcp'), expected: loopback },
    { name: 'a loopback address and all addresses', destination: to('127.0.0.9', 9060, 'udp'), expected: any },
    { name: 'an address of this machine', destination: to('10.0.0.7', 9060, 'udp'), expected: any },
    { name: 'another machine', destination: to('10.0.0.8', 9060, 'udp'), expected: undefined },
    { name: 'another port', destination: to('10.0.0.7', 9062, 'udp'), expected: undefined },
    { name: 'another transport', destination: to('127.0.0.1', 9060, 'tcp'), expected: undefined },
    { name: 'an address that this listener is not on', destination: to('10.0.0.7', 9061, 'tcp'), expected: undefined },
  ])('finds what receives on $name', ({ destination, expected }) => {
    expect(findOwnListener(destination, [any, loopback], ['10.0.0.7'])).toBe(expected)
  })

  it('knows the addresses of this machine', () => {
    const address = Object.values(networkInterfaces()).flatMap((list = []) => list)[0]?.address ?? '127.0.0.1'
    expect(findOwnListener(to(address, 9060, 'udp'), [any])).toBe(any)
  })
})
