import { readFileSync } from 'node:fs'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { captureFormat, readPcap } from '../../src/pcap/read.ts'
import { BlockFactory, concat, ipv4, pcap, udp } from './frames.ts'

const fixture = (name: string) => new Uint8Array(readFileSync(new URL(`../../../fixtures/${name}`, import.meta.url)))
const frame = ipv4(udp('hello'))
const TS_US = 1_700_000_000_123_456

describe('captureFormat', () => {
  it.each([
    { name: 'pcap, big-endian', bytes: [0xa1, 0xb2, 0xc3, 0xd4], expected: 'pcap' },
    { name: 'pcap, little-endian', bytes: [0xd4, 0xc3, 0xb2, 0xa1], expected: 'pcap' },
    { name: 'pcap in nanoseconds, big-endian', bytes: [0xa1, 0xb2, 0x3c, 0x4d], expected: 'pcap' },
    { name: 'pcap in nanoseconds, little-endian', bytes: [0x4d, 0x3c, 0xb2, 0xa1], expected: 'pcap' },
    { name: 'pcapng', bytes: [0x0a, 0x0d, 0x0d, 0x0a], expected: 'pcapng' },
    { name: 'three bytes', bytes: [0x0a, 0x0d, 0x0d], expected: undefined },
    { name: 'text', bytes: [0x23, 0x20, 0x43, 0x61], expected: undefined },
  ])('knows $name', ({ bytes, expected }) => {
    expect(captureFormat(Uint8Array.from(bytes))).toBe(expected)
  })
})

describe('readPcap', () => {
  it.each([
    { littleEndian: true, nanoseconds: false, fraction: 123_456 },
    { littleEndian: false, nanoseconds: false, fraction: 123_456 },
    { littleEndian: true, nanoseconds: true, fraction: 123_456_789 },
    { littleEndian: false, nanoseconds: true, fraction: 123_456_789 },
  ])('reads pcap %o', ({ fraction, ...options }) => {
    const file = pcap(
      [
        { fraction, frame },
        { seconds: 2 ** 32 - 1, frame, wireBytes: 99 },
      ],
      { ...options, linkType: 228 },
    )
    expect([...readPcap(file)]).toEqual([
      { ok: true, tsUs: TS_US, linkType: 228, frame, wireBytes: frame.length },
      { ok: true, tsUs: (2 ** 32 - 1) * 1_000_000, linkType: 228, frame, wireBytes: 99 },
    ])
  })

  it('ignores the frame check sequence bits beside the link type', () => {
    const file = pcap([{ frame }], { littleEndian: false, linkType: 0x5400_0001 })
    expect([...readPcap(file)]).toMatchObject([{ linkType: 1 }])
  })

  it('gives views, not copies', () => {
    const file = pcap([{ frame }])
    expect([...readPcap(file)]).toMatchObject([{ frame: { buffer: file.buffer, byteOffset: 40 } }])
  })

  it('reads a file that is itself a view', () => {
    const file = concat([1, 2, 3], pcap([{ fraction: 123_456, frame }])).subarray(3)
    expect([...readPcap(file)]).toMatchObject([{ tsUs: TS_US, frame }])
  })

  it('says what is no capture', () => {
    expect([...readPcap(new Uint8Array(0))]).toEqual([{ ok: false, reason: 'not-a-capture', offset: 0 }])
    expect([...readPcap(new Uint8Array(99))]).toEqual([{ ok: false, reason: 'not-a-capture', offset: 0 }])
  })

  it('ends at a captured length that cannot be', () => {
    const file = pcap([{ frame }, { frame }], { littleEndian: false })
    file[24 + 16 + frame.length + 8] = 0x7f
    expect([...readPcap(file)].at(-1)).toEqual({ ok: false, reason: 'bad-record', offset: 40 + frame.length })
  })

  it('takes a truncated last record as the end, at every length', () => {
    const file = pcap([{ frame }, { frame }])
    const recordBytes = 16 + frame.length
    for (let length = 24; length < file.length; length++) {
      const items = [...readPcap(file.subarray(0, length))]
      const whole = Math.floor((length - 24) / recordBytes)
      const offset = 24 + whole * recordBytes
      expect(items.slice(whole)).toEqual(length === offset ? [] : [{ ok: false, reason: 'truncated', offset }])
    }
  })

  it.each([
    { name: 'opensips-hep3-udp.pcap', count: 220, linkType: 101 },
    { name: 'opensips-hep1-udp.pcap', count: 180, linkType: 101 },
    { name: 'kamailio-hep2-udp.pcap', count: 259, linkType: 101 },
    { name: 'sip-20-calls.pcap', count: 260, linkType: 1 },
  ])('reads $count frames of $name', ({ name, count, linkType }) => {
    const items = [...readPcap(fixture(name))]
    expect(items).toHaveLength(count)
    expect(items.every((item) => item.ok && item.frame.length === item.wireBytes)).toBe(true)
    expect(new Set(items.map((item) => (item.ok ? item.linkType : -1)))).toEqual(new Set([linkType]))
  })

  it('never throws on damaged files', () => {
    const blocks = new BlockFactory(true)
    const files = [
      pcap([{ frame }, { frame }]),
      concat(blocks.section(), blocks.interface(1), blocks.enhanced(0, 5n, frame)),
    ]
    const damage = fc.array(fc.tuple(fc.nat(), fc.nat(255)), { maxLength: 8 })
    fc.assert(
      fc.property(fc.constantFrom(...files), damage, fc.nat(), (file, changes, length) => {
        const bytes = file.slice(0, file.length - (length % file.length))
        for (const [at, value] of changes) bytes[at % bytes.length] = value
        expect([...readPcap(bytes)].length).toBeLessThan(20)
      }),
    )
  })
})

describe('readPcap on pcapng', () => {
  const ticksUs = BigInt(TS_US)

  it.each([{ littleEndian: true }, { littleEndian: false }])('reads all packet blocks %o', ({ littleEndian }) => {
    const blocks = new BlockFactory(littleEndian)
    const odd = frame.subarray(0, frame.length - 1)
    const file = concat(
      blocks.section(),
      blocks.interface(1),
      blocks.block(4, [1, 2, 3, 4]),
      blocks.interface(113, [...blocks.option(9, [9]), ...blocks.option(0, [])]),
      blocks.enhanced(0, ticksUs, frame),
      blocks.enhanced(1, ticksUs * 1000n + 999n, odd, 1500),
      blocks.block(0x0bad, []),
      blocks.obsolete(1, ticksUs * 1000n, frame),
      blocks.simple(frame),
      blocks.block(5, [0, 0, 0, 0]),
    )
    expect([...readPcap(file)]).toEqual([
      { ok: true, tsUs: TS_US, linkType: 1, frame, wireBytes: frame.length },
      { ok: true, tsUs: TS_US, linkType: 113, frame: odd, wireBytes: 1500 },
      { ok: true, tsUs: TS_US, linkType: 113, frame, wireBytes: frame.length },
      { ok: true, tsUs: undefined, linkType: 1, frame, wireBytes: frame.length },
    ])
  })

  it.each([
    { name: 'milliseconds', resolution: 3, ticks: 1_700_000_000_123n, tsUs: 1_700_000_000_123_000 },
    { name: 'picoseconds', resolution: 12, ticks: 1_700_000_000_123_456n, tsUs: 1_700_000_000 },
    { name: '2^-10 s', resolution: 0x8a, ticks: 1_700_000_000n * 1024n + 512n, tsUs: 1_700_000_000_500_000 },
    { name: 'a time after 2106', resolution: 0, ticks: 2n ** 40n, tsUs: undefined },
  ])('reads $name', ({ resolution, ticks, tsUs }) => {
    const blocks = new BlockFactory(true)
    const described = blocks.interface(101, blocks.option(9, [resolution]))
    const items = [...readPcap(concat(blocks.section(), described, blocks.enhanced(0, ticks, frame)))]
    expect(items).toMatchObject([{ ok: true, tsUs }])
  })

  it('adds the time offset of the interface', () => {
    const blocks = new BlockFactory(false)
    const described = blocks.interface(101, blocks.option(14, [0, 0, 0, 0, 0, 0, 0, 10]))
    const items = [...readPcap(concat(blocks.section(), described, blocks.enhanced(0, 5n, frame)))]
    expect(items).toMatchObject([{ tsUs: 10_000_005 }])
  })

  it('begins anew with each section, in its own byte order', () => {
    const [little, big] = [new BlockFactory(true), new BlockFactory(false)]
    const file = concat(
      little.section(),
      little.interface(1),
      little.enhanced(0, ticksUs, frame),
      big.section(),
      big.enhanced(0, ticksUs, frame),
      big.interface(101),
      big.enhanced(0, ticksUs, frame),
    )
    const offset = little.section().length + little.interface(1).length + little.enhanced(0, 0n, frame).length
    expect([...readPcap(file)]).toMatchObject([
      { ok: true, linkType: 1 },
      { ok: false, reason: 'bad-packet', offset: offset + big.section().length },
      { ok: true, linkType: 101 },
    ])
  })

  it('cuts a simple packet at the snap length', () => {
    const blocks = new BlockFactory(true)
    const file = concat(blocks.section(), blocks.interface(1, [], 16), blocks.simple(frame.subarray(0, 16), 1000))
    expect([...readPcap(file)]).toMatchObject([{ frame: frame.subarray(0, 16), wireBytes: 1000 }])
  })

  it('passes over a packet longer than its block', () => {
    const blocks = new BlockFactory(true)
    const bad = blocks.enhanced(0, 0n, frame)
    bad[8 + 12] = 0xff
    const items = [...readPcap(concat(blocks.section(), blocks.interface(1), bad, blocks.enhanced(0, 0n, frame)))]
    expect(items).toMatchObject([{ ok: false, reason: 'bad-packet' }, { ok: true }])
  })

  it.each([
    { name: 'a length under 12', at: 4, value: 8 },
    { name: 'a length that is no multiple of 4', at: 4, value: 61 },
    { name: 'a second length that differs', at: -4, value: 16 },
  ])('ends at $name', ({ at, value }) => {
    const blocks = new BlockFactory(true)
    const head = concat(blocks.section(), blocks.interface(1))
    const packet = blocks.enhanced(0, 0n, frame)
    packet[at < 0 ? packet.length + at : at] = value
    const items = [...readPcap(concat(head, packet, blocks.enhanced(0, 0n, frame)))]
    expect(items).toEqual([{ ok: false, reason: 'bad-record', offset: head.length }])
  })

  it('refuses a section without a byte order', () => {
    const file = new BlockFactory(true).section()
    file[8] = 0
    expect([...readPcap(file)]).toEqual([{ ok: false, reason: 'bad-record', offset: 0 }])
  })

  it('takes a truncated last block as the end, at every length', () => {
    const blocks = new BlockFactory(true)
    const head = concat(blocks.section(), blocks.interface(1))
    const file = concat(head, blocks.enhanced(0, 0n, frame))
    for (let length = head.length + 1; length < file.length; length++) {
      const items = [...readPcap(file.subarray(0, length))]
      expect(items).toEqual([{ ok: false, reason: 'truncated', offset: head.length }])
    }
  })
})
