import { gzipSync } from 'node:zlib'
import { encodeHep } from '@hepscope/shared/hep/encode.ts'
import { decodeHep } from '@hepscope/shared/hep/decode.ts'
import { encodeHepAs } from '@hepscope/shared/hep/pack.ts'
import type { HepPacket } from '@hepscope/shared/hep/packet.ts'
import fc from 'fast-check'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { readTrace, traceSchema } from '../../src/trace/config.ts'
import { PacketForms } from '../../src/trace/packet-forms.ts'
import { Relay } from '../../src/trace/relay.ts'
import { invite, sipPacket } from '../events.ts'
import { receiveUdp, type Receiver } from '../receivers.ts'
import { StreamReceiver } from './stream-receiver.ts'

const open: { close(): Promise<void> }[] = []

afterEach(async () => {
  for (const opened of open.splice(0)) await opened.close()
})

async function udp(): Promise<Receiver & { readonly port: string }> {
  const receiver = await receiveUdp()
  open.push(receiver)
  return { ...receiver, port: receiver.url.split(':').at(-1) ?? '' }
}

function relay(section: unknown): Relay {
  const opened = new Relay(readTrace(traceSchema.parse(section)), { node: 'edge-1', closeTimeoutMs: 200 })
  open.unshift(opened)
  return opened
}

const hex = (bytes: Uint8Array | undefined): string => Buffer.from(bytes ?? []).toString('hex')

function packetOf(bytes: Uint8Array | undefined): HepPacket {
  const decoded = decodeHep(bytes ?? new Uint8Array(0))
  if (!decoded.ok) throw new Error(decoded.reason)
  return decoded.packet
}

const vendorChunk = { vendor: 3, type: 1, bytes: Uint8Array.of(1, 2, 3) }
const rtcp: HepPacket = { ...invite('call'), protocolType: 5, correlationId: 'call', payload: Buffer.from('{}') }

describe('Relay', () => {
  it('opens nothing and copies nothing without rules', () => {
    const idle = relay({ destinations: ['[a] 127.0.0.1:9'] })
    expect(idle.destinations).toEqual([])
    expect(idle.counters).toEqual([])
    idle.receive(encodeHep(invite('a')))
  })

  it('sends the very bytes that came, chunks that nobody knows included', async () => {
    const receiver = await udp()
    const packet = encodeHep({ ...invite('a'), correlationId: 'a', chunks: [vendorChunk] })
    const relayed = relay({ destinations: [`[a] 127.0.0.1:${receiver.port}; transport=udp`], relay: [{ to: 'a' }] })
    const reused = Uint8Array.from(packet)
    relayed.receive(reused)
    reused.fill(0)
    await receiver.received(1)
    expect(hex(receiver.packets[0])).toBe(hex(packet))
    expect(relayed.counters).toEqual([
      { to: 'a', relayedCount: 1, reducedCount: 0, filteredCount: 0, droppedCount: 0, refused: {} },
    ])
  })

  it('sends over TCP what came in datagrams, without the bytes behind it', async () => {
    const receiver = await StreamReceiver.open()
    open.push(receiver)
    const relayed = relay({ destinations: [`[a] 127.0.0.1:${receiver.port}`], relay: [{ to: 'a' }] })
    const packet = encodeHep(invite('a'))
    relayed.receive(Buffer.concat([packet, Buffer.from('trailing')]))
    relayed.receive(packet)
    await receiver.received(2)
    expect(receiver.packets.map(hex)).toEqual([hex(packet), hex(packet)])
  })

  it('keeps order and content through 3,000 packets in one turn', async () => {
    const receiver = await StreamReceiver.open()
    open.push(receiver)
    const relayed = relay({
      destinations: [`[a] 127.0.0.1:${receiver.port}`],
      relay: [{ to: 'a', filter: 'method:INVITE' }],
    })
    await relayed.destinations[0]?.connected()
    for (let i = 0; i < 3000; i++) relayed.receive(encodeHep({ ...invite(`call-${i}`), agentId: i }))
    await receiver.received(3000)
    expect(receiver.packets.map((bytes) => packetOf(bytes).agentId)).toEqual(Array.from({ length: 3000 }, (_, i) => i))
  })

  it('sends on what each filter passes', async () => {
    const [calls, errors] = [await udp(), await udp()]
    const relayed = relay({
      destinations: [
        `[calls] 127.0.0.1:${calls.port}; transport=udp`,
        `[errors] 127.0.0.1:${errors.port}; transport=udp`,
      ],
      relay: [
        { to: 'calls', filter: 'method:INVITE and node:edge-1' },
        { to: 'errors', filter: 'code:4xx' },
      ],
    })
    relayed.receive(encodeHep(invite('a')))
    relayed.receive(encodeHep(sipPacket('SIP/2.0 486 Busy Here', 'a', '1 INVITE')))
    relayed.receive(encodeHep(sipPacket('BYE sip:bob@example.com SIP/2.0', 'a', '2 BYE')))
    await Promise.all([calls.received(2), errors.received(1)])
    expect(relayed.counters).toMatchObject([
      { to: 'calls', relayedCount: 2, filteredCount: 1 },
      { to: 'errors', relayedCount: 1, filteredCount: 2 },
    ])
  })

  it('keeps the payload from version 3 to 2 and back to 3', async () => {
    const [first, second] = [await udp(), await udp()]
    const packet = { ...invite('a'), correlationId: 'a', agentName: 'edge' }
    const down = relay({ destinations: [`[v2] 127.0.0.1:${first.port}; version=2`], relay: [{ to: 'v2' }] })
    const up = relay({ destinations: [`[v3] 127.0.0.1:${second.port}; transport=udp`], relay: [{ to: 'v3' }] })
    down.receive(encodeHep(packet))
    await first.received(1)
    expect(first.packets[0]?.[0]).toBe(2)
    up.receive(first.packets[0] ?? new Uint8Array(0))
    await second.received(1)
    const { correlationId: _id, agentName: _name, ...kept } = packet
    const found = packetOf(second.packets[0])
    expect({ ...found, payload: hex(found.payload) }).toEqual({ ...kept, payload: hex(packet.payload) })
    expect(down.counters).toMatchObject([{ relayedCount: 1, reducedCount: 1 }])
    expect(up.counters).toMatchObject([{ relayedCount: 1, reducedCount: 0 }])
  })

  it('gives a packet without a time that of its arrival', async () => {
    const receiver = await udp()
    const relayed = relay({ destinations: [`[a] 127.0.0.1:${receiver.port}; transport=udp`], relay: [{ to: 'a' }] })
    const beforeUs = Date.now() * 1000
    relayed.receive(encodeHepAs(invite('a'), 1))
    await receiver.received(1)
    const { version, tsUs = 0 } = packetOf(receiver.packets[0])
    expect(version).toBe(3)
    expect(tsUs).toBeGreaterThanOrEqual(beforeUs)
  })

  it('refuses what version 1 cannot hold, and counts it by cause', async () => {
    const receiver = await udp()
    const relayed = relay({ destinations: [`[v1] 127.0.0.1:${receiver.port}; version=1`], relay: [{ to: 'v1' }] })
    const { srcIp: _, ...unaddressed } = invite('a')
    const { payload: _payload, ...empty } = invite('a')
    const zipped = { ...invite('a'), payload: gzipSync('INVITE'), payloadCompressed: true }
    for (const packet of [rtcp, rtcp, zipped, unaddressed, empty]) {
      relayed.receive(encodeHep(packet))
    }
    relayed.receive(encodeHep(invite('b')))
    await receiver.received(1)
    expect(relayed.counters).toEqual([
      {
        to: 'v1',
        relayedCount: 1,
        reducedCount: 0,
        filteredCount: 0,
        droppedCount: 0,
        refused: { 'not-sip': 2, compressed: 1, 'no-address': 1, 'no-payload': 1 },
      },
    ])
    expect(hex(packetOf(receiver.packets[0]).payload)).toBe(hex(invite('b').payload))
  })

  it('counts what the destination did not take', async () => {
    const relayed = relay({ destinations: ['[a] 127.0.0.1:9'], relay: [{ to: 'a', version: 'unchanged' }] })
    relayed.receive(encodeHepAs(invite('a'), 2))
    await vi.waitUntil(() => relayed.counters[0]?.droppedCount === 1)
    expect(relayed.destinations[0]?.counters.dropped['not-a-frame']).toBe(1)
  })

  it('opens a destination of two rules once', () => {
    const relayed = relay({
      destinations: ['[a] 127.0.0.1:9; transport=udp'],
      relay: [
        { to: 'a', filter: 'method:INVITE' },
        { to: 'a', filter: 'method:BYE' },
      ],
    })
    expect(relayed.destinations).toHaveLength(1)
    expect(relayed.counters).toHaveLength(2)
  })

  it('sends what it has before it closes, and nothing after', async () => {
    const receiver = await udp()
    const relayed = relay({ destinations: [`[a] 127.0.0.1:${receiver.port}; transport=udp`], relay: [{ to: 'a' }] })
    relayed.receive(encodeHep(invite('a')))
    await relayed.close()
    relayed.receive(encodeHep(invite('b')))
    await receiver.received(1)
    expect(relayed.counters[0]?.relayedCount).toBe(1)
  })

  it('never throws, whatever it is given', () => {
    const relayed = relay({
      destinations: ['[a] 127.0.0.1:9; transport=udp', '[b] 127.0.0.1:9'],
      relay: [{ to: 'a', version: 1 }, { to: 'a', version: 2, filter: 'user:x' }, { to: 'b', version: 3 }, { to: 'b' }],
    })
    fc.assert(fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => relayed.receive(bytes)))
    const whole = encodeHep({ ...invite('a'), chunks: [vendorChunk] })
    fc.assert(
      fc.property(fc.nat({ max: whole.length - 1 }), fc.nat({ max: 255 }), (at, value) => {
        const mutated = Uint8Array.from(whole)
        mutated[at] = value
        relayed.receive(mutated)
      }),
    )
  })
})

describe('PacketForms', () => {
  it('is the same packet where the version is the same', () => {
    for (const version of [1, 2, 3] as const) {
      const bytes = encodeHepAs(invite('a'), version)
      for (const asked of ['unchanged', version] as const) {
        expect(new PacketForms(bytes, 0).as(asked)).toEqual({ ok: true, bytes, isReduced: false })
      }
    }
  })

  it('makes each version once', () => {
    const forms = new PacketForms(encodeHep(invite('a')), 0)
    expect(forms.as(2)).toBe(forms.as(2))
    expect(new PacketForms(encodeHep(rtcp), 0).as(2)).toEqual({ ok: false, cause: 'not-sip' })
  })

  it('tells what is no packet', () => {
    expect(new PacketForms(Uint8Array.of(1, 2), 0).as(3)).toEqual({ ok: false, cause: 'too-short' })
  })
})
