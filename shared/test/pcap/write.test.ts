import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { formatIp } from '../../src/net/ip.ts'
import { CaptureMessages, readMessages } from '../../src/pcap/messages.ts'
import { readPcap } from '../../src/pcap/read.ts'
import { PcapTransport, readTransport } from '../../src/pcap/transport.ts'
import { type PcapMessage, type PcapOptions, PcapWriter, writePcap } from '../../src/pcap/write.ts'
import { sipText } from '../event/rows.ts'

const utf8 = new TextEncoder()

const message = (change: Partial<PcapMessage> = {}): PcapMessage => ({
  tsUs: 1_700_000_000_000_001,
  ipProtocol: 17,
  srcIp: '192.0.2.1',
  dstIp: '192.0.2.2',
  srcPort: 5060,
  dstPort: 5080,
  bytes: utf8.encode('hello'),
  ...change,
})

const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex')

const options: fc.Arbitrary<PcapOptions> = fc.record({
  link: fc.constantFrom('raw-ip', 'ethernet'),
  times: fc.constantFrom('microseconds', 'nanoseconds'),
})
const port = fc.integer({ min: 0, max: 0xffff })
const tsUs = fc.integer({ min: 0, max: 4_000_000_000_000_000 })
const ends = fc.constantFrom(4, 16).chain((size) => {
  const ip = fc.uint8Array({ minLength: size, maxLength: size }).map((bytes) => formatIp(bytes, 0, size))
  return fc.record({ srcIp: ip, dstIp: ip, srcPort: port, dstPort: port })
})

describe('PcapWriter', () => {
  it('writes the bytes that the RFCs ask for', () => {
    const file = writePcap([message()])
    expect(hex(file)).toBe(
      // Magic, version 2.4, zone, accuracy, snap length, link type 101.
      'a1b2c3d4000200040000000000000000' +
        '0004000000000065' +
        // Seconds, microseconds, captured and original length.
        '6553f100000000010000002100000021' +
        '45000021000040004011b6c8c0000201c0000202' +
        '13c413d8000d1062' +
        hex(utf8.encode('hello')),
    )
  })

  it('gives datagrams back as they were', () => {
    const datagram = fc.tuple(ends, tsUs, fc.uint8Array({ maxLength: 3000 }))
    fc.assert(
      fc.property(fc.array(datagram, { maxLength: 8 }), options, (all, how) => {
        const messages = all.map(([flow, time, bytes]) => message({ ...flow, tsUs: time, bytes }))
        const found = [...readTransport(writePcap(messages, how))]
        expect(found).toEqual(messages.map(({ ...one }) => ({ ...one, kind: 'datagram' })))
      }),
    )
  })

  it('gives each direction of a connection back as one run of bytes', () => {
    const part = fc.tuple(fc.boolean(), fc.uint8Array({ minLength: 1, maxLength: 500 }))
    fc.assert(
      fc.property(ends, fc.array(part, { minLength: 1, maxLength: 20 }), options, (flow, parts, how) => {
        fc.pre(flow.srcIp !== flow.dstIp || flow.srcPort !== flow.dstPort)
        const back = { srcIp: flow.dstIp, dstIp: flow.srcIp, srcPort: flow.dstPort, dstPort: flow.srcPort }
        const messages = parts.map(([isBack, bytes], i) =>
          message({ ...(isBack ? back : flow), ipProtocol: 6, tsUs: 1_700_000_000_000_000 + i, bytes }),
        )
        const transport = new PcapTransport()
        const pieces = [...readTransport(writePcap(messages, how), transport)]
        for (const isBack of [false, true]) {
          const { srcIp, srcPort } = isBack ? back : flow
          const own = pieces.filter((piece) => piece.srcIp === srcIp && piece.srcPort === srcPort)
          const sent = parts.filter(([is]) => is === isBack).map(([, bytes]) => bytes)
          expect(hex(Buffer.concat(own.map(({ bytes }) => bytes)))).toBe(hex(Buffer.concat(sent)))
          expect(own.map((piece) => (piece.kind === 'stream' ? piece.start : 'datagram'))).not.toContain('gap')
        }
        expect(transport.counters.skipped.size).toBe(0)
      }),
    )
  })

  it('has checksums that come out right', () => {
    fc.assert(
      fc.property(
        ends,
        fc.constantFrom(6, 17),
        fc.uint8Array({ minLength: 1, maxLength: 100 }),
        (flow, ipProtocol, bytes) => {
          for (const item of readPcap(writePcap([message({ ...flow, ipProtocol, bytes })]))) {
            if (!item.ok) throw new Error(item.reason)
            const { frame } = item
            const isIpv4 = (frame[0] ?? 0) >> 4 === 4
            if (isIpv4) expect(foldedSum(frame.subarray(0, 20))).toBe(0xffff)
            const segment = frame.subarray(isIpv4 ? 20 : 40)
            const addresses = isIpv4 ? frame.subarray(12, 20) : frame.subarray(8, 40)
            const pseudo = [...addresses, 0, ipProtocol, segment.length >> 8, segment.length & 0xff]
            expect(foldedSum(Uint8Array.from([...pseudo, ...segment]))).toBe(0xffff)
          }
        },
      ),
    )
  })

  it('never says that a datagram has no checksum', () => {
    // Two bytes that make the sum come out as zero, which would mean that there is none.
    const plain = message({ bytes: Uint8Array.of(0, 0) })
    const [first] = [...readPcap(writePcap([plain]))]
    if (first?.ok !== true) throw new Error('no frame')
    const sum = first.frame.subarray(26, 28)
    const [second] = [...readPcap(writePcap([message({ bytes: sum.slice() })]))]
    if (second?.ok !== true) throw new Error('no frame')
    expect(hex(second.frame.subarray(26, 28))).toBe('ffff')
  })

  it('keeps messages larger than a segment whole', () => {
    const text = (callId: string, fill: number): Uint8Array =>
      utf8.encode(
        `${sipText('MESSAGE sip:b@b SIP/2.0', 'Via: SIP/2.0/TCP a;branch=z9hG4bK1', `Call-ID: ${callId}`, 'CSeq: 1 MESSAGE', `Content-Length: ${fill}`)}${'x'.repeat(fill)}`,
      )
    const messages = [text('a', 10), text('b', 65_400), text('c', 10)].map((bytes, i) =>
      message({ ipProtocol: 6, bytes, tsUs: 1_700_000_000_000_000 + i }),
    )
    const found = [...readMessages(writePcap(messages), new PcapTransport(), new CaptureMessages())]
    expect(messages[1]?.bytes.length).toBeGreaterThan(65_495)
    expect(found.map(({ kind, bytes, ipProtocol }) => [kind, bytes.length, ipProtocol])).toEqual(
      messages.map(({ bytes }) => ['sip', bytes.length, 6]),
    )
  })

  it.each([
    { name: 'without addresses', change: { srcIp: '', dstIp: '' } },
    { name: 'between two families', change: { srcIp: '10.0.0.1', dstIp: '::1' } },
    { name: 'larger than a datagram', change: { bytes: new Uint8Array(65_508) } },
    { name: 'larger than a datagram of IPv6', change: { srcIp: '::1', dstIp: '::2', bytes: new Uint8Array(65_528) } },
  ])('skips and counts a message $name', ({ change }) => {
    const writer = new PcapWriter()
    expect(writer.add(message(change))).toHaveLength(0)
    expect(writer.skippedCount).toBe(1)
  })

  it.each([
    { change: { bytes: new Uint8Array(65_507) } },
    { change: { srcIp: '::1', dstIp: '::2', bytes: new Uint8Array(65_527) } },
  ])('writes the largest datagram', ({ change }) => {
    const [found] = [...readTransport(writePcap([message(change)]))]
    expect(found?.bytes).toHaveLength(change.bytes.length)
  })

  it('writes what is neither TCP nor UDP as UDP', () => {
    const [found] = [...readTransport(writePcap([message({ ipProtocol: 22 })]))]
    expect(found?.ipProtocol).toBe(17)
  })
})

function foldedSum(bytes: Uint8Array): number {
  let sum = 0
  for (let i = 0; i < bytes.length; i += 2) sum += ((bytes[i] ?? 0) << 8) + (bytes[i + 1] ?? 0)
  while (sum > 0xffff) sum = (sum & 0xffff) + (sum >>> 16)
  return sum
}
