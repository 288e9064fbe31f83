import { readFileSync } from 'node:fs'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { PcapTransport, readTransport, type TransportItem } from '../../src/pcap/transport.ts'
import {
  concat,
  encoder,
  ethernet,
  ipv4,
  ipv6,
  ipv6Fragment,
  pcap,
  tcp,
  u16,
  u32,
  udp,
  type TestRecord,
} from './frames.ts'

const IPV4 = 0x0800
const IPV6 = 0x86dd
const VLAN = 0x8100
const QINQ = 0x88a8
const hello = ipv4(udp('hello'))

function readAll(records: readonly TestRecord[], linkType: number) {
  const transport = new PcapTransport()
  const items = [...readTransport(pcap(records, { linkType }), transport)]
  return { items, counters: transport.counters, skipped: Object.fromEntries(transport.counters.skipped) }
}

function read(frame: Uint8Array, linkType = 101) {
  return readAll([{ frame }], linkType)
}

function payloadText(items: readonly TransportItem[]): string[] {
  return items.map((item) => new TextDecoder().decode(item.bytes))
}

const DATAGRAM = {
  kind: 'datagram',
  ipProtocol: 17,
  tsUs: 1_700_000_000_000_000,
  srcIp: '10.0.0.1',
  dstIp: '10.0.0.2',
  srcPort: 5060,
  dstPort: 5080,
  bytes: encoder.encode('hello'),
}

describe('PcapTransport: link types', () => {
  it.each([
    { name: 'Ethernet', linkType: 1, frame: ethernet([IPV4], hello) },
    { name: 'Ethernet with padding', linkType: 1, frame: concat(ethernet([IPV4], hello), [0, 0, 0, 0, 0, 0]) },
    { name: '802.1Q', linkType: 1, frame: ethernet([VLAN, IPV4], hello) },
    { name: 'QinQ', linkType: 1, frame: ethernet([QINQ, VLAN, IPV4], hello) },
    { name: 'Linux SLL', linkType: 113, frame: concat(Array<number>(14).fill(0), u16(IPV4), hello) },
    {
      name: 'Linux SLL with a VLAN',
      linkType: 113,
      frame: concat(Array<number>(14).fill(0), u16(VLAN), u16(7), u16(IPV4), hello),
    },
    { name: 'Linux SLL2', linkType: 276, frame: concat(u16(IPV4), Array<number>(18).fill(0), hello) },
    { name: 'raw IP 101', linkType: 101, frame: hello },
    { name: 'raw IP 12', linkType: 12, frame: hello },
    { name: 'raw IP 14', linkType: 14, frame: hello },
    { name: 'raw IPv4', linkType: 228, frame: hello },
    { name: 'BSD null, little-endian', linkType: 0, frame: concat([2, 0, 0, 0], hello) },
    { name: 'BSD null, big-endian', linkType: 0, frame: concat([0, 0, 0, 2], hello) },
    { name: 'BSD loop', linkType: 108, frame: concat([0, 0, 0, 2], hello) },
  ])('reads $name', ({ linkType, frame }) => {
    expect(read(frame, linkType)).toMatchObject({ items: [DATAGRAM], skipped: {} })
  })

  it.each([
    { name: 'a link type we do not read', linkType: 105, frame: hello, skipped: { 'link-type': 1 } },
    { name: 'ARP', linkType: 1, frame: ethernet([0x0806], hello), skipped: { 'not-ip': 1 } },
    {
      name: 'a VLAN tag with nothing behind it',
      linkType: 1,
      frame: ethernet([VLAN], Uint8Array.from([0, 1])),
      skipped: { 'not-ip': 1 },
    },
    { name: 'AppleTalk on BSD null', linkType: 0, frame: concat([16, 0, 0, 0], hello), skipped: { 'not-ip': 1 } },
    { name: 'an empty frame', linkType: 1, frame: new Uint8Array(0), skipped: { 'not-ip': 1 } },
    { name: 'an empty raw frame', linkType: 101, frame: new Uint8Array(0), skipped: { 'not-ip': 1 } },
  ])('counts $name', ({ linkType, frame, skipped }) => {
    expect(read(frame, linkType)).toMatchObject({ items: [], skipped })
  })
})

describe('PcapTransport: IP', () => {
  it('passes over IPv4 options', () => {
    expect(payloadText(read(ipv4(udp('hello'), { options: [1, 1, 1, 0] })).items)).toEqual(['hello'])
  })

  it('takes length 0 as up to the end of the frame', () => {
    expect(payloadText(read(ipv4(udp('hello'), { totalBytes: 0 })).items)).toEqual(['hello'])
  })

  it('reads IPv6', () => {
    const { items } = read(ethernet([IPV6], ipv6(udp('six'), 17)), 1)
    expect(items).toMatchObject([{ srcIp: '2001:db8::1', dstIp: '2001:db8::2', bytes: encoder.encode('six') }])
  })

  it('passes over IPv6 extension headers', () => {
    const hopByHop = [43, 0, 1, 4, 0, 0, 0, 0]
    const routing = [51, 2, 0, 0, ...Array<number>(20).fill(0)]
    const authentication = [60, 1, 0, 0, ...Array<number>(8).fill(0)]
    const destination = [44, 0, 1, 4, 0, 0, 0, 0]
    const wholeFragment = ipv6Fragment(17, 1, 0, false, udp('deep'))
    const packet = ipv6(concat(hopByHop, routing, authentication, destination, wholeFragment), 0)
    expect(payloadText(read(packet, 229).items)).toEqual(['deep'])
  })

  it.each([
    { name: 'ICMP', frame: ipv4(udp('x'), { protocol: 1 }), skipped: { 'not-udp-tcp': 1 } },
    { name: 'ESP', frame: ipv6(udp('x'), 50), skipped: { 'not-udp-tcp': 1 } },
    { name: 'IP version 5', frame: concat([0x55], hello.subarray(1)), skipped: { 'not-ip': 1 } },
    { name: 'a header length under 20', frame: concat([0x44], hello.subarray(1)), skipped: { 'bad-ip': 1 } },
    { name: 'a total length under the header', frame: ipv4(udp('x'), { totalBytes: 19 }), skipped: { 'bad-ip': 1 } },
    {
      name: 'an IPv6 extension header past the end',
      frame: ipv6(Uint8Array.from([17, 9, 0, 0, 0, 0, 0, 0]), 0),
      skipped: { 'bad-ip': 1 },
    },
    { name: 'a UDP header cut', frame: ipv4(Uint8Array.from([1, 2, 3])), skipped: { 'bad-udp': 1 } },
    {
      name: 'a UDP length past the end',
      frame: ipv4(concat(u16(1), u16(2), u16(20), [0, 0, 1])),
      skipped: { 'bad-udp': 1 },
    },
    { name: 'a UDP length under 8', frame: ipv4(concat(u16(1), u16(2), u16(7), [0, 0])), skipped: { 'bad-udp': 1 } },
    { name: 'a TCP header cut', frame: ipv4(new Uint8Array(19), { protocol: 6 }), skipped: { 'bad-tcp': 1 } },
    { name: 'a TCP header of length 0', frame: ipv4(new Uint8Array(20), { protocol: 6 }), skipped: { 'bad-tcp': 1 } },
  ])('counts $name', ({ frame, skipped }) => {
    expect(read(frame)).toMatchObject({ items: [], skipped })
  })

  it('counts a frame that the capture limited, at every length', () => {
    for (let length = 1; length < hello.length; length++) {
      const { items, skipped } = readAll([{ frame: hello.subarray(0, length), wireBytes: hello.length }], 101)
      expect({ items, skipped }).toEqual({ items: [], skipped: { 'cut-short': 1 } })
    }
  })
})

describe('PcapTransport: fragments', () => {
  const text = 'INVITE sip:bob@example.com SIP/2.0\r\n'.repeat(3)
  const whole = udp(text)
  const cut = (from: number, to: number, id = 7) =>
    ipv4(whole.subarray(from, to), { id, offset: from, hasMore: to < whole.length })
  const parts = [cut(0, 40), cut(40, 80), cut(80, whole.length)]
  const orders = [
    [0, 1, 2],
    [0, 2, 1],
    [1, 0, 2],
    [1, 2, 0],
    [2, 0, 1],
    [2, 1, 0],
  ]
  const pick = (order: readonly number[], from: readonly Uint8Array[]) =>
    order.map((i, at) => ({ frame: from[i] ?? new Uint8Array(0), fraction: at }))

  it.each(orders)('puts IPv4 together in order %d %d %d', (...order) => {
    const { items, skipped } = readAll(pick(order, parts), 101)
    expect(payloadText(items)).toEqual([text])
    expect(items[0]?.tsUs).toBe(1_700_000_000_000_002)
    expect(skipped).toEqual({})
  })

  it.each(orders)('puts IPv6 together in order %d %d %d', (...order) => {
    const options = Uint8Array.from([17, 0, 1, 4, 0, 0, 0, 0])
    const datagram = concat(options, whole)
    const part = (from: number, to: number, next: number) =>
      ipv6(ipv6Fragment(next, 9, from, to < datagram.length, datagram.subarray(from, to)), 44)
    // Only the first fragment's next header counts.
    const six = [part(0, 40, 60), part(40, 80, 60), part(80, datagram.length, 60)]
    expect(payloadText(readAll(pick(order, six), 101).items)).toEqual([text])
  })

  it('keeps the bytes that came first where fragments overlap', () => {
    const forged = concat(whole.subarray(0, 32), new Uint8Array(16), whole.subarray(48))
    const overlapping = [
      cut(40, 80),
      cut(40, 80),
      ipv4(forged.subarray(0, 64), { id: 7, offset: 0, hasMore: true }),
      cut(80, whole.length),
    ]
    const { items } = readAll(
      overlapping.map((frame) => ({ frame })),
      101,
    )
    const expected = concat(whole.subarray(8, 32), new Uint8Array(8), whole.subarray(40))
    expect(items).toMatchObject([{ bytes: expected }])
  })

  it('keeps datagrams apart by address, protocol and id', () => {
    const frames = [cut(0, 40, 1), cut(0, 40, 2), cut(40, whole.length, 2), cut(40, whole.length, 1)]
    expect(
      payloadText(
        readAll(
          frames.map((frame) => ({ frame })),
          101,
        ).items,
      ),
    ).toEqual([text, text])
  })

  it('counts a datagram whose fragments do not come, when it is too old and at the end', () => {
    const { items, skipped } = readAll(
      [
        { frame: cut(0, 40, 1) },
        { frame: cut(0, 40, 2), seconds: 1_700_000_070 },
        { frame: cut(40, whole.length, 1), seconds: 1_700_000_071 },
      ],
      101,
    )
    expect({ items, skipped }).toEqual({ items: [], skipped: { 'fragment-lost': 3 } })
  })

  it('gives up the oldest when too many wait', () => {
    const transport = new PcapTransport({ fragments: { maxDatagrams: 2, maxBytes: 1000, maxAgeUs: 1e9 } })
    const frames = [cut(0, 40, 1), cut(0, 40, 2), cut(0, 40, 3), cut(40, whole.length, 2)]
    const items = [...readTransport(pcap(frames.map((frame) => ({ frame }))), transport)]
    expect(payloadText(items)).toEqual([text])
    expect(transport.counters.skipped.get('fragment-lost')).toBe(2)
  })

  it('gives up fragments that contradict each other or run past 65,535 bytes', () => {
    const past = ipv4(new Uint8Array(80), { id: 1, offset: 65_528, hasMore: false })
    const early = ipv4(whole.subarray(8, 24), { id: 2, offset: 8, hasMore: false })
    const frames = [
      past,
      cut(40, 80, 2),
      early,
      cut(80, whole.length, 3),
      ipv4(new Uint8Array(80), { id: 3, offset: 80, hasMore: true }),
    ]
    const { items, skipped } = readAll(
      frames.map((frame) => ({ frame })),
      101,
    )
    expect({ items, skipped }).toEqual({ items: [], skipped: { 'fragment-lost': 3 } })
  })
})

describe('PcapTransport: whole files', () => {
  const fixture = (name: string) => new Uint8Array(readFileSync(new URL(`../../../fixtures/${name}`, import.meta.url)))

  it.each([
    { name: 'opensips-hep3-udp.pcap', count: 220 },
    { name: 'opensips-hep1-udp.pcap', count: 180 },
    { name: 'kamailio-hep2-udp.pcap', count: 259 },
    { name: 'sip-20-calls.pcap', count: 260 },
  ])('reads $count datagrams of $name', ({ name, count }) => {
    const transport = new PcapTransport()
    const items = [...readTransport(fixture(name), transport)]
    expect(items).toHaveLength(count)
    expect(transport.counters).toMatchObject({ frameCount: count, datagramCount: count, skipped: new Map() })
  })

  it('counts what the file itself lacks', () => {
    const transport = new PcapTransport()
    expect([...readTransport(pcap([{ frame: hello }]).subarray(0, -1), transport)]).toEqual([])
    expect([...transport.counters.skipped]).toEqual([['truncated', 1]])
  })

  it('never throws on damaged frames', () => {
    const segment = ipv4(tcp({ sequence: 1, payload: 'x'.repeat(40) }), { protocol: 6 })
    const fragment = ipv6(ipv6Fragment(17, 1, 0, true, udp('x'.repeat(24))), 44)
    const frames = [hello, segment, fragment, ipv4(concat(u32(1), u32(2)), { hasMore: true })]
    const damage = fc.array(fc.tuple(fc.nat(), fc.nat(255)), { maxLength: 6 })
    const damaged = fc.tuple(fc.constantFrom(...frames), damage, fc.nat()).map(([frame, changes, cut]) => {
      const bytes = frame.slice(0, frame.length - (cut % frame.length))
      for (const [at, value] of changes) bytes[at % bytes.length] = value
      return { frame: bytes }
    })
    fc.assert(
      fc.property(fc.array(damaged, { maxLength: 20 }), fc.constantFrom(0, 1, 101, 113, 276), (records, linkType) => {
        const { counters } = readAll(records, linkType)
        expect(counters.frameCount).toBe(records.length)
      }),
    )
  })
})
