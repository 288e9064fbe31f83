import { readCorrelation } from '@hepscope/shared/hep/correlation.ts'
import { decodeHep } from '@hepscope/shared/hep/decode.ts'
import type { HepPacket } from '@hepscope/shared/hep/packet.ts'
import { gunzipSync } from 'node:zlib'
import { afterEach, describe, expect, it } from 'vitest'
import { readTrace, traceSchema } from '../../src/trace/config.ts'
import { HepClient, type HepClientOptions, packHep } from '../../src/trace/hep-client.ts'
import { invite } from '../events.ts'
import { receiveUdp, type Receiver } from '../receivers.ts'

const from = { ip: '10.0.0.1', port: 5060 }
const to = { ip: '10.0.0.2', port: 5061 }
const tsUs = 1_700_000_000_123_456
const sip = Buffer.from(invite('call@host').payload ?? []).toString()

const open: { close(): Promise<void> }[] = []

afterEach(async () => {
  for (const opened of open.splice(0)) await opened.close()
})

async function client(options: HepClientOptions = {}, version = 3): Promise<{ homer: HepClient; receiver: Receiver }> {
  const receiver = await receiveUdp()
  const port = receiver.url.split(':').at(-1)
  const homer = new HepClient(`[homer] 127.0.0.1:${port}; transport=udp; version=${version}`, options)
  open.push(homer, receiver)
  return { homer, receiver }
}

async function only(receiver: Receiver): Promise<HepPacket> {
  await receiver.received(1)
  const decoded = decodeHep(receiver.packets[0] ?? new Uint8Array(0))
  if (!decoded.ok) throw new Error(decoded.reason)
  return decoded.packet
}

const text = (bytes: Uint8Array | undefined): string => new TextDecoder().decode(bytes)

describe('HepClient', () => {
  it('refuses a hep_id that is none', () => {
    expect(() => new HepClient('[homer] 10.0.0.1; version=4')).toThrow(
      expect.objectContaining({ code: 'ERR_TARGET_INVALID', message: expect.stringContaining('at character 19') }),
    )
  })

  it('takes a destination of the configuration', async () => {
    const receiver = await receiveUdp()
    const { destinations, options } = readTrace(
      traceSchema.parse({
        destinations: [`[homer] ${receiver.url.slice('udp://'.length)}; transport=udp`],
        hep_capture_id: 77,
        homer5_on: 0,
      }),
    )
    const [destination] = destinations
    if (destination === undefined) throw new Error('no destination')
    const homer = new HepClient(destination, options)
    open.push(homer, receiver)
    homer.sendSip(sip, from, to)
    const packet = await only(receiver)
    expect(packet.agentId).toBe(77)
    expect(text(packet.payload)).toContain('\t"payload":\t"INVITE')
  })

  it('tells what it changed', () => {
    const homer = new HepClient('[homer] 127.0.0.1:9; version=2')
    open.push(homer)
    expect(homer.warning).toContain('UDP is used')
  })

  it('traces SIP for HOMER 5 as the bare message with its Call-ID', async () => {
    const { homer, receiver } = await client({ captureId: 2001 })
    expect(homer.sendSip(sip, from, to, { tsUs, correlations: [{ type: 'net', id: '17' }] })).toBe(true)
    const { payload, ...packet } = await only(receiver)
    expect(packet).toEqual({
      version: 3,
      ipProtocol: 17,
      srcIp: from.ip,
      srcPort: from.port,
      dstIp: to.ip,
      dstPort: to.port,
      tsUs,
      protocolType: 1,
      agentId: 2001,
      correlationId: 'call@host',
    })
    expect(text(payload)).toBe(sip)
  })

  it('traces SIP for HOMER 6 as JSON with its further ids', async () => {
    const { homer, receiver } = await client({ homer5: false })
    const net = { type: 'net', id: '17' }
    homer.sendSip(sip, from, to, { correlations: [net] })
    const packet = await only(receiver)
    expect(text(packet.payload)).toMatch(/^\{\n\t"payload":\t"INVITE sip:bob@example.com SIP\/2.0\\r\\n/)
    expect(JSON.parse(text(packet.payload))).toEqual({ payload: sip })
    expect(readCorrelation(packet)).toEqual({ correlationId: 'call@host', extra: [net] })
  })

  it.each([1, 2])('traces SIP in version %i as the bare message, whatever the mode', async (version) => {
    const { homer, receiver } = await client({ homer5: false, compressPayload: true }, version)
    homer.sendSip(sip, from, to, { tsUs, correlations: [{ type: 'net', id: '17' }] })
    const packet = await only(receiver)
    expect(packet.version).toBe(version)
    expect(text(packet.payload)).toBe(sip)
  })

  it('joins parts with the delimiter and lets a sip id win', async () => {
    const { homer, receiver } = await client({ homer5Delimiter: ' | ' })
    const parts = [
      ['Event', 'NOTICE'],
      ['text', 'on its way'],
    ] as const
    homer.sendParts(100, parts, from, to, { correlationId: 'guid', correlations: [{ type: 'sip', id: 'call' }] })
    const packet = await only(receiver)
    expect(text(packet.payload)).toBe('NOTICE | on its way')
    expect(packet).toMatchObject({ protocolType: 100, correlationId: 'call' })
  })

  it('compresses payloads when it is told to', async () => {
    const { homer, receiver } = await client({ compressPayload: true })
    homer.sendSip(sip, from, to)
    const packet = await only(receiver)
    expect(packet.payloadCompressed).toBe(true)
    expect(gunzipSync(packet.payload ?? new Uint8Array(0)).toString()).toBe(sip)
  })

  it.each([
    { opensipsTransports: false, expected: 6 },
    { opensipsTransports: true, expected: 22 },
  ])('writes TLS as $expected', async ({ opensipsTransports, expected }) => {
    const { homer, receiver } = await client({ opensipsTransports })
    homer.sendSip(sip, from, to, { transport: 'tls' })
    expect((await only(receiver)).ipProtocol).toBe(expected)
  })

  it('sends what has no Call-ID without one', async () => {
    const { homer, receiver } = await client()
    homer.sendSip(Uint8Array.of(1, 2, 3), from, to)
    expect(await only(receiver)).not.toHaveProperty('correlationId')
  })

  it('sends any packet in the version of the destination', async () => {
    const { homer, receiver } = await client({}, 2)
    expect(homer.send(invite('a'))).toBe(true)
    expect((await only(receiver)).version).toBe(2)
    expect(() => homer.send({ ...invite('a'), protocolType: 5 })).toThrow(expect.objectContaining({ code: 'not-sip' }))
    expect(homer.counters).toMatchObject({ sentCount: 1 })
  })

  it('correlates two ids for HOMER 6', async () => {
    const { homer, receiver } = await client({ homer5: false, captureId: 205 })
    homer.correlate('sip', 'a@h', 'b2b', 'b@h', { tsUs, payload: 'empty-json' })
    const packet = await only(receiver)
    expect(packet).toMatchObject({ protocolType: 96, agentId: 205, tsUs })
    expect(readCorrelation(packet).extra).toEqual([
      { type: 'sip', id: 'a@h' },
      { type: 'b2b', id: 'b@h' },
    ])
  })

  it('sends the sip id alone for HOMER 5', async () => {
    const { homer, receiver } = await client()
    homer.correlate('net', '17', 'sip', 'a@h')
    expect(readCorrelation(await only(receiver))).toEqual({ correlationId: 'a@h', extra: [] })
  })

  it.each([
    { name: 'two ids of one type', version: 3, types: ['sip', 'sip'], code: 'same-type' },
    { name: 'a destination of version 2', version: 2, types: ['sip', 'net'], code: 'ERR_NOT_SUPPORTED' },
    { name: 'no sip id for HOMER 5', version: 3, types: ['net', 'b2b'], code: 'ERR_NOT_SUPPORTED' },
  ] as const)('refuses to correlate: $name', async ({ version, types: [first, second], code }) => {
    const { homer } = await client({}, version)
    expect(() => homer.correlate(first, 'a', second, 'b')).toThrow(expect.objectContaining({ code }))
    expect(homer.counters.sentCount).toBe(0)
  })

  it('offers packHep for programs that bring their own socket', () => {
    expect(decodeHep(packHep(from, to, 'udp', sip))).toMatchObject({ ok: true, packet: { protocolType: 1 } })
  })
})
