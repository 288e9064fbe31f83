import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { CallTracker } from '../../src/call/tracker.ts'
import type { EventBlock } from '../../src/event/block.ts'
import { BlockWriter } from '../../src/event/writer.ts'
import { HepDeframer } from '../../src/hep/deframe.ts'
import { encodeHep } from '../../src/hep/encode.ts'
import { CaptureMessages, readMessages } from '../../src/pcap/messages.ts'
import { PcapTransport } from '../../src/pcap/transport.ts'

function fixture(name: string): Uint8Array {
  return readFileSync(new URL(`../../../fixtures/${name}`, import.meta.url))
}

/** All HEP packets of a fixture as one block; plain SIP is packed into HEP. */
function blockOf(name: string): EventBlock {
  const writer = new BlockWriter({ node: 'node-1', epoch: 1 })
  if (name.endsWith('.bin')) new HepDeframer().push(fixture(name), (packet) => writer.append(packet, 0))
  else {
    for (const message of readMessages(fixture(name), new PcapTransport(), new CaptureMessages())) {
      const { kind, bytes, tsUs = 0, ipProtocol, srcIp, dstIp, srcPort, dstPort } = message
      const outer = {
        version: 3,
        ipProtocol,
        srcIp,
        dstIp,
        srcPort,
        dstPort,
        tsUs,
        protocolType: 1,
        agentId: 1,
      } as const
      writer.append(kind === 'hep' ? bytes : encodeHep({ ...outer, payload: bytes }), tsUs)
    }
  }
  const block = writer.seal(0)
  if (block === undefined) throw new Error(`nothing in ${name}`)
  return block
}

const OPENSIPS = ['127.0.0.1:5061', '127.0.0.1:5070', '127.0.0.1:5080']
const KAMAILIO = ['127.0.0.1:5061', '127.0.0.1:5071', '127.0.0.1:5080']
const KAMAILIO_RTPENGINE = ['127.0.0.1:5070', '127.0.0.1:5060', '127.0.0.1:5080']

describe('calls of real proxies', () => {
  it.each([
    { name: 'opensips-hep3-tcp.bin', events: 200, messages: 180, route: OPENSIPS },
    { name: 'opensips-hep3-udp.pcap', events: 220, messages: 200, route: OPENSIPS },
    { name: 'opensips-hep1-udp.pcap', events: 180, messages: 180, route: OPENSIPS },
    { name: 'kamailio-hep2-udp.pcap', events: 259, messages: 259, route: KAMAILIO },
    { name: 'kamailio-rtpengine-hep3-udp.pcap', events: 380, messages: 380, route: KAMAILIO_RTPENGINE },
    { name: 'sip-20-calls.pcap', events: 260, messages: 260, route: KAMAILIO },
  ])('of $name are 20 that ended', ({ name, events, messages, route }) => {
    const block = blockOf(name)
    const tracker = new CallTracker()
    for (let row = 0; row < block.count; row++) tracker.apply(block, row)
    const calls = [...tracker.calls()]
    expect(calls).toHaveLength(20)
    for (const call of calls) {
      const { kind, state, statusCode, retransmissionCount, duplicateCount, hangupSide, evidence } = call
      expect({
        kind,
        state,
        statusCode,
        retransmissionCount,
        duplicateCount,
        hangupSide,
        evidence,
        route: call.route,
      }).toEqual({
        kind: 'call',
        state: 'ended',
        statusCode: 200,
        retransmissionCount: 0,
        duplicateCount: 0,
        hangupSide: 'caller',
        evidence: [],
        route,
      })
    }
    expect(calls.reduce((sum, call) => sum + call.messageCount, 0)).toBe(messages)
    expect(tracker.totals).toMatchObject({ events, calls: 20, answered: 20, failed: 0, running: 0, retransmissions: 0 })
  })
})
