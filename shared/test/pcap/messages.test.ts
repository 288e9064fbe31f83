import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { decodeHep } from '../../src/hep/decode.ts'
import { encodeHep } from '../../src/hep/encode.ts'
import { CaptureMessages, readMessages, type MessageOptions } from '../../src/pcap/messages.ts'
import { datagramContent } from '../../src/pcap/detect.ts'
import { PcapTransport } from '../../src/pcap/transport.ts'
import { concat, encoder, ipv4, pcap, tcp, udp } from './frames.ts'

const SIP = 'OPTIONS sip:bob@example.com SIP/2.0\r\nl: 0\r\n\r\n'
const HEP1 = '0110021113c413c50a0000010a000002494e56495445'
const HEP2 = '0210021113c413c50a0000010a00000200f1536540e20100d1070000494e56495445'

const hep = (payload: string) =>
  encodeHep({
    version: 3,
    ipProtocol: 17,
    srcIp: '10.9.9.1',
    dstIp: '10.9.9.2',
    srcPort: 5060,
    dstPort: 5060,
    protocolType: 1,
    agentId: 2001,
    payload: encoder.encode(payload),
  })

function bytesOf(hex: string): Uint8Array {
  return Uint8Array.from(hex.match(/../g) ?? [], (byte) => parseInt(byte, 16))
}

function read(file: Uint8Array, options: MessageOptions = {}) {
  const messages = new CaptureMessages(options)
  const found = [...readMessages(file, new PcapTransport(), messages)]
  return { found, skipped: Object.fromEntries(messages.skipped) }
}

/** One direction of a connection, a segment for each piece; a number leaves out so many bytes. */
function connection(pieces: readonly (Uint8Array | string | number)[], isOpened = true): Uint8Array {
  let sequence = 100
  const segments = isOpened ? [tcp({ sequence: 99, flags: 'syn' })] : []
  for (const piece of pieces) {
    if (typeof piece !== 'number') segments.push(tcp({ sequence, payload: piece }))
    sequence += typeof piece === 'number' ? piece : piece.length
  }
  segments.push(tcp({ sequence, flags: 'fin' }))
  return pcap(segments.map((bytes) => ({ frame: ipv4(bytes, { protocol: 6 }) })))
}

describe('datagramContent', () => {
  it.each([
    { name: 'HEPv3', bytes: hep(SIP), expected: 'hep' },
    { name: 'HEPv3 by its other magic', bytes: concat(encoder.encode('EEP3'), [0, 6]), expected: 'hep' },
    { name: 'a damaged HEPv3', bytes: encoder.encode('HEP3..'), expected: 'hep' },
    { name: 'HEPv1', bytes: bytesOf(HEP1), expected: 'hep' },
    { name: 'HEPv2', bytes: bytesOf(HEP2), expected: 'hep' },
    {
      name: 'HEPv1 with a family that is none',
      bytes: bytesOf(HEP1.replace(/^011002/, '011007')),
      expected: 'other-datagram',
    },
    { name: 'HEPv1 cut', bytes: bytesOf(HEP1.slice(0, 32)), expected: 'other-datagram' },
    { name: 'a request', bytes: encoder.encode(SIP), expected: 'sip' },
    {
      name: 'a response behind empty lines',
      bytes: encoder.encode('\r\n\r\nSIP/2.0 180 Ringing\r\n'),
      expected: 'sip',
    },
    { name: 'a response without reason', bytes: encoder.encode('SIP/2.0 500'), expected: 'sip' },
    { name: 'a request without version', bytes: encoder.encode('INVITE sip:b\r\n\r\n'), expected: 'other-datagram' },
    { name: 'HTTP', bytes: encoder.encode('GET / HTTP/1.1\r\n\r\n'), expected: 'other-datagram' },
    { name: 'STUN', bytes: bytesOf('000100002112a442000000000000000000000000'), expected: 'other-datagram' },
    { name: 'RTP', bytes: bytesOf('800000010000000a00000001ffff'), expected: 'rtp' },
    { name: 'RTCP', bytes: bytesOf('80c9000100000001'), expected: 'rtp' },
    { name: 'gzip', bytes: bytesOf('1f8b0800'), expected: 'gzip' },
    { name: 'CRLF CRLF', bytes: encoder.encode('\r\n\r\n\r\n'), expected: 'keep-alive' },
    { name: 'four bytes', bytes: encoder.encode('jaK\0'), expected: 'keep-alive' },
    { name: 'nothing', bytes: new Uint8Array(0), expected: 'keep-alive' },
  ])('knows $name', ({ bytes, expected }) => {
    expect(datagramContent(bytes)).toBe(expected)
  })
})

describe('readMessages', () => {
  const fixture = (name: string) => new Uint8Array(readFileSync(new URL(`../../../fixtures/${name}`, import.meta.url)))

  it.each([
    { name: 'opensips-hep3-udp.pcap', counts: { 'HEPv3 SIP': 180, 'HEPv3 type 96': 20, 'HEPv3 type 100': 20 } },
    { name: 'opensips-hep1-udp.pcap', counts: { 'HEPv1 SIP': 180 } },
    { name: 'kamailio-hep2-udp.pcap', counts: { 'HEPv2 SIP': 259 } },
    {
      name: 'kamailio-rtpengine-hep3-udp.pcap',
      counts: { 'HEPv3 SIP': 260, 'HEPv3 type 5': 80, 'HEPv3 type 100': 40 },
    },
    { name: 'sip-20-calls.pcap', counts: { SIP: 260 } },
  ])('finds the messages of $name', ({ name, counts }) => {
    const { found, skipped } = read(fixture(name))
    const seen: Record<string, number> = {}
    for (const { kind, bytes } of found) {
      const decoded = kind === 'hep' ? decodeHep(bytes) : undefined
      const type =
        decoded?.ok === true && decoded.packet.protocolType !== 1 ? `type ${decoded.packet.protocolType}` : 'SIP'
      const label =
        decoded === undefined ? 'SIP' : decoded.ok ? `HEPv${decoded.packet.version} ${type}` : decoded.reason
      seen[label] = (seen[label] ?? 0) + 1
    }
    expect(seen).toEqual(counts)
    expect(skipped).toEqual({})
  })

  it.each(['kamailio-hep2-udp.pcap', 'sip-20-calls.pcap'])('reads %s cut at many lengths', (name) => {
    const file = fixture(name)
    let foundBefore = 0
    // Every length of the first records, then a step that meets all offsets within a record.
    for (let length = 0; length < file.length; length += length < 1500 ? 1 : 251) {
      const { found, skipped } = read(file.subarray(0, length))
      expect(found.length - foundBefore).toBeLessThanOrEqual(1)
      expect(skipped).toEqual({})
      foundBefore = found.length
    }
  })

  it('keeps addresses, ports and time of the capture', () => {
    const { found } = read(pcap([{ frame: ipv4(udp(SIP, { srcPort: 7, dstPort: 8 })), fraction: 9 }]))
    expect(found).toEqual([
      {
        kind: 'sip',
        ipProtocol: 17,
        tsUs: 1_700_000_000_000_009,
        srcIp: '10.0.0.1',
        dstIp: '10.0.0.2',
        srcPort: 7,
        dstPort: 8,
        bytes: encoder.encode(SIP),
      },
    ])
  })

  it('counts what is neither SIP nor HEP', () => {
    const payloads = [
      '\r\n\r\n',
      '\u0000',
      'GET / HTTP/1.1\r\n\r\n',
      bytesOf('80c9000100000001'),
      bytesOf('1f8b08000000'),
    ]
    const { found, skipped } = read(pcap(payloads.map((payload) => ({ frame: ipv4(udp(payload)) }))))
    expect({ found, skipped }).toEqual({ found: [], skipped: { 'keep-alive': 2, 'other-datagram': 2, rtp: 1 } })
  })

  it('inflates a datagram once', () => {
    const zipped = bytesOf('1f8b0800')
    const file = pcap([{ frame: ipv4(udp(zipped)) }])
    expect(read(file, { inflate: () => hep(SIP) }).found).toMatchObject([{ kind: 'hep', bytes: hep(SIP) }])
    expect(read(file, { inflate: () => zipped })).toEqual({ found: [], skipped: { 'other-datagram': 1 } })
  })
})

describe('readMessages on TCP', () => {
  const text = ({ bytes }: { readonly bytes: Uint8Array }) => new TextDecoder().decode(bytes)

  it('cuts SIP at any split', () => {
    const bytes = `\r\n\r\n${SIP}${SIP}`
    for (let at = 1; at < bytes.length; at++) {
      const { found, skipped } = read(connection([bytes.slice(0, at), bytes.slice(at)]))
      expect(found.map(text)).toEqual([SIP, SIP])
      expect(found[0]).toMatchObject({ kind: 'sip', ipProtocol: 6, srcPort: 5060 })
      expect(skipped).toEqual({})
    }
  })

  it('cuts HEP at any split', () => {
    const bytes = concat(hep(SIP), hep('two'))
    for (let at = 1; at < bytes.length; at++) {
      const { found, skipped } = read(connection([bytes.subarray(0, at), bytes.subarray(at)]))
      expect(found.map(({ kind, bytes }) => ({ kind, bytes }))).toEqual([
        { kind: 'hep', bytes: hep(SIP) },
        { kind: 'hep', bytes: hep('two') },
      ])
      expect(skipped).toEqual({})
    }
  })

  it('reads both byte by byte', () => {
    expect(read(connection((SIP + SIP).split(''))).found).toHaveLength(2)
    expect(read(connection(Array.from(hep(SIP), (byte) => Uint8Array.of(byte)))).found).toHaveLength(1)
  })

  it('begins in the middle of a SIP connection', () => {
    const { found, skipped } = read(connection([`dy\r\n${SIP}`, SIP], false))
    expect(found.map(text)).toEqual([SIP, SIP])
    expect(skipped).toEqual({})
  })

  it('begins in the middle of a HEP connection, not at a magic inside a payload', () => {
    const rest = concat(encoder.encode('..HEP3..rest'), hep('HEP3'))
    const { found, skipped } = read(connection([hep(SIP).subarray(40), rest, hep('two')], false))
    expect(found.map(({ bytes }) => bytes)).toEqual([hep('HEP3'), hep('two')])
    expect(skipped).toEqual({})
  })

  it('goes on behind missing bytes', () => {
    const sip = read(connection([SIP, SIP.slice(0, 9), SIP.length - 9, SIP]))
    expect(sip.found.map(text)).toEqual([SIP, SIP])
    expect(sip.skipped).toEqual({ 'bad-sip-stream': 1 })
    const whole = hep(SIP)
    const second = read(connection([whole, whole.subarray(0, 9), whole.length - 9, whole]))
    expect(second.found).toHaveLength(2)
    expect(second.skipped).toEqual({ unfinished: 1 })
  })

  it('searches the next frame when a HEP stream is damaged', () => {
    const { found, skipped } = read(connection([hep('one'), 'garbage', hep('two')]))
    expect(found.map(({ bytes }) => bytes)).toEqual([hep('one'), hep('two')])
    expect(skipped).toEqual({ 'bad-hep-stream': 1 })
  })

  it.each([
    { name: 'a message that is not whole', pieces: [SIP, SIP.slice(0, 20)], skipped: { unfinished: 1 } },
    { name: 'a frame that is not whole', pieces: [hep(SIP).subarray(0, 20)], skipped: { unfinished: 1 } },
    {
      name: 'a message that is too large',
      pieces: [SIP.replace('l: 0', 'l: 99999'), SIP],
      skipped: { oversized: 1 },
    },
    { name: 'TLS', pieces: [bytesOf('1603010200010001fc'), SIP], skipped: { 'other-stream': 1 } },
    { name: 'HTTP', pieces: ['GET / HTTP/1.1\r\n\r\n', 'GET / HTTP/1.1\r\n\r\n'], skipped: { 'other-stream': 1 } },
    { name: 'the beginning of a start line', pieces: ['NOTIFY sip:b '], skipped: { unfinished: 1 } },
    { name: 'words that are no start line', pieces: ['NOTIFY sip:b ', 'of this\r\n'], skipped: { 'other-stream': 1 } },
    { name: 'junk between messages', pieces: [SIP, 'junk\r\n', SIP], skipped: { 'bad-sip-stream': 1 } },
  ])('counts $name', ({ pieces, skipped }) => {
    expect(read(connection(pieces)).skipped).toEqual(skipped)
  })

  it('tells two connections between the same sockets apart', () => {
    const segments = [
      tcp({ sequence: 99, flags: 'syn' }),
      tcp({ sequence: 100, payload: SIP.slice(0, 9) }),
      tcp({ sequence: 109, flags: 'rst' }),
      tcp({ sequence: 99, flags: 'syn' }),
      tcp({ sequence: 100, payload: hep(SIP) }),
    ]
    const { found, skipped } = read(pcap(segments.map((bytes) => ({ frame: ipv4(bytes, { protocol: 6 }) }))))
    expect(found).toMatchObject([{ kind: 'hep' }])
    expect(skipped).toEqual({ unfinished: 1 })
  })
})
