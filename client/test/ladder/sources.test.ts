import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import type { EventBlock } from '@hepscope/shared/event/block.ts'
import { BlockWriter } from '@hepscope/shared/event/writer.ts'
import { encodeHep } from '@hepscope/shared/hep/encode.ts'
import { HepDeframer } from '@hepscope/shared/hep/deframe.ts'
import type { HepPacket } from '@hepscope/shared/hep/packet.ts'
import { fromBlock } from '../../src/app/ladder/from-block.ts'
import { fromStoredRow } from '../../src/app/ladder/from-stored-row.ts'
import { RTCP } from './rtcp-bytes.ts'
import { LadderModel } from '../../src/app/ladder/layout.ts'
import type { LadderMessage } from '../../src/app/ladder/message.ts'

function opensipsBlock(): EventBlock {
  const writer = new BlockWriter({ node: 'node-1', epoch: 1_795_000_000_000 })
  new HepDeframer().push(
    readFileSync(new URL('../../../fixtures/opensips-hep3-tcp.bin', import.meta.url)),
    (packet) => {
      writer.append(packet, 0)
    },
  )
  const block = writer.seal(0)
  if (block === undefined) throw new Error('no packets')
  return block
}

function packet(payload: string, more: Partial<HepPacket> = {}): Uint8Array {
  return encodeHep({
    version: 3,
    ipProtocol: 6,
    srcIp: '10.0.0.1',
    dstIp: '10.0.0.2',
    srcPort: 5060,
    dstPort: 5061,
    tsUs: 1_700_000_000_123_456,
    protocolType: 1,
    agentId: 205,
    agentName: 'proxy',
    payload: new TextEncoder().encode(payload),
    ...more,
  })
}

function blockOf(...packets: Uint8Array[]): EventBlock {
  const writer = new BlockWriter({ node: 'node-1', epoch: 7 })
  for (const bytes of packets) writer.append(bytes, 0)
  const block = writer.seal(0)
  if (block === undefined) throw new Error('no packets')
  return block
}

const ANSWER = [
  'SIP/2.0 200 OK',
  'Via: SIP/2.0/TCP 10.0.0.1;branch=z9hG4bKabc',
  'From: <sip:alice@a.example>;tag=x',
  'To: <sip:bob@b.example>;tag=y',
  'Call-ID: call-1',
  'CSeq: 7 INVITE',
  'Content-Type: application/sdp',
  '',
  'v=0',
].join('\r\n')

const EXPECTED: LadderMessage = {
  key: 'node-1:7:1',
  node: 'node-1',
  epoch: 7,
  seq: 1,
  tsUs: 1_700_000_000_123_456,
  srcIp: '10.0.0.1',
  srcPort: 5060,
  dstIp: '10.0.0.2',
  dstPort: 5061,
  transport: 'tcp',
  proto: 1,
  method: 'INVITE',
  statusCode: 200,
  reason: 'OK',
  cseqNumber: 7,
  callId: 'call-1',
  branch: 'z9hG4bKabc',
  fromTag: 'x',
  toTag: 'y',
  hasSdp: true,
  agentId: 205,
  agentName: 'proxy',
  payload: ANSWER,
  raw: undefined,
}

/** What the search API answers for the same event. */
const STORED_ROW = {
  uuid: '00000000-0000-0000-0000-000000000001',
  session_id: 'call-1',
  src_ip: '10.0.0.1',
  src_port: 5060,
  dst_ip: '10.0.0.2',
  dst_port: 5061,
  method: '',
  response_code: '200',
  cseq_method: 'INVITE',
  protocol: 6,
  node_id: '205',
  cid: '',
  payload: ANSWER,
  node: 'node-1',
  epoch: 7,
  seq: 1,
  ts_us: 1_700_000_000_123_456,
  agent_name: 'proxy',
}

describe('fromBlock', () => {
  it('reads all of an event', () => {
    expect(fromBlock(blockOf(packet(ANSWER)), 0)).toEqual(EXPECTED)
  })

  it('takes the correlation id for the Call-ID of what is not SIP', () => {
    const block = blockOf(packet('text', { protocolType: 100, correlationId: 'call-1' }))
    expect(fromBlock(block, 0)).toMatchObject({ proto: 100, callId: 'call-1', method: '', payload: 'text' })
  })

  it('keeps a payload that was there and empty apart from one that was taken out', () => {
    expect(fromBlock(blockOf(packet('', { protocolType: 100 })), 0).payload).toBe('')
    const compressed = packet('', { payload: Uint8Array.of(0x1f, 0x8b, 8), payloadCompressed: true })
    expect(fromBlock(blockOf(compressed), 0).payload).toBeUndefined()
  })

  it('has the exact bytes of what is no text', () => {
    const block = blockOf(packet('', { protocolType: 5, payload: RTCP }))
    const { raw, payload } = fromBlock(block, 0)
    expect(raw).toEqual(RTCP)
    expect(raw?.buffer.byteLength).toBe(RTCP.length)
    expect(payload).toContain('�')
  })
})

describe('fromStoredRow', () => {
  it('reads the same event as the live stream had', () => {
    expect(fromStoredRow(STORED_ROW)).toEqual(EXPECTED)
  })

  it('prefers columns, and needs no payload then', () => {
    const row = {
      ...STORED_ROW,
      payload: '',
      reason: 'OK',
      branch: 'z9hG4bKabc',
      from_tag: 'x',
      to_tag: 'y',
      cseq: 7,
      flags: 13,
    }
    expect(fromStoredRow(row)).toEqual({ ...EXPECTED, payload: undefined })
  })

  it('has the exact bytes of what is no text, as the live event has', () => {
    const payload = new TextDecoder().decode(RTCP)
    const row = { ...STORED_ROW, proto_type: 5, payload, payload_raw: Buffer.from(RTCP).toString('base64') }
    expect(fromStoredRow(row)).toMatchObject({ payload, raw: RTCP })
    expect(fromStoredRow({ ...row, payload: '' })).toMatchObject({ payload: '', raw: RTCP })
    expect(fromStoredRow({ ...row, payload_raw: null }).raw).toBeUndefined()
    expect(fromStoredRow({ ...row, payload_raw: '%' }).raw).toBeUndefined()
  })

  it('reads numbers that came as text', () => {
    const row = { ...STORED_ROW, epoch: '7', seq: '1', ts_us: '1700000000123456', src_port: '5060' }
    expect(fromStoredRow(row)).toEqual(EXPECTED)
  })

  it('reads a request', () => {
    const row = { ...STORED_ROW, method: 'BYE', cseq_method: 'BYE', response_code: '' }
    expect(fromStoredRow(row)).toMatchObject({ method: 'BYE', statusCode: 0 })
  })

  it('reads what is not SIP', () => {
    const row = { node: 'n', epoch: 1, seq: 2, session_id: 'call-1', proto_type: 5, payload: '{}', protocol: 17 }
    expect(fromStoredRow(row)).toMatchObject({
      key: 'n:1:2',
      proto: 5,
      callId: 'call-1',
      transport: 'udp',
      payload: '{}',
    })
  })

  it('makes something of a row without anything', () => {
    expect(fromStoredRow({ node: null, seq: {}, payload: 7 })).toMatchObject({ key: ':0:0', tsUs: 0, srcIp: '' })
  })

  it('merges with the live event without a double', () => {
    const model = new LadderModel()
    const live = { ...fromBlock(blockOf(packet(ANSWER)), 0), payload: undefined }
    model.add([live])
    model.add([fromStoredRow(STORED_ROW)])
    expect(model.scene().rows).toHaveLength(1)
    expect(model.scene().rows).toMatchObject([{ message: { payload: ANSWER } }])
  })
})

describe('ladders of an OpenSIPS proxy', () => {
  const block = opensipsBlock()
  const messages = Array.from({ length: block.count }, (_, row) => fromBlock(block, row))
  const callIds = [...new Set(messages.map((message) => message.callId))].filter((callId) => callId !== '')

  it('show each of the 20 calls as nine messages over three lanes', () => {
    expect(callIds).toHaveLength(20)
    for (const callId of callIds) {
      const model = new LadderModel()
      model.add(messages.filter((message) => message.callId === callId))
      expect(model.scene().lanes.map((lane) => lane.id)).toEqual(['127.0.0.1:5061', '127.0.0.1:5070', '127.0.0.1:5080'])
      const rows = model.scene().rows.filter((row) => row.kind === 'message')
      expect(rows).toHaveLength(9)
      for (const row of rows) expect(row).toMatchObject({ retransmission: 0, copies: [], leg: 'A', isSelf: false })
    }
  })

  it('show the first call as it was', () => {
    const model = new LadderModel()
    model.add(messages.filter((message) => message.callId === callIds[0]))
    const shown = model.scene().rows.map((row) => {
      if (row.kind === 'gap') return row
      const { tsUs, fromLane, toLane, label, tone, deltaUs } = row
      return { tsUs, fromLane, toLane, label, tone, deltaUs }
    })
    expect(shown).toMatchInlineSnapshot(`
      [
        {
          "deltaUs": 0,
          "fromLane": 0,
          "label": "INVITE (SDP)",
          "toLane": 1,
          "tone": "request",
          "tsUs": 1795307964366344,
        },
        {
          "deltaUs": 410,
          "fromLane": 1,
          "label": "100 Giving it a try",
          "toLane": 0,
          "tone": "1xx",
          "tsUs": 1795307964366754,
        },
        {
          "deltaUs": 239,
          "fromLane": 1,
          "label": "INVITE (SDP)",
          "toLane": 2,
          "tone": "request",
          "tsUs": 1795307964366993,
        },
        {
          "deltaUs": 458,
          "fromLane": 2,
          "label": "180 Ringing",
          "toLane": 1,
          "tone": "1xx",
          "tsUs": 1795307964367451,
        },
        {
          "deltaUs": 161,
          "fromLane": 1,
          "label": "180 Ringing",
          "toLane": 0,
          "tone": "1xx",
          "tsUs": 1795307964367612,
        },
        {
          "deltaUs": 2072,
          "fromLane": 2,
          "label": "200 OK (SDP)",
          "toLane": 1,
          "tone": "2xx",
          "tsUs": 1795307964369684,
        },
        {
          "deltaUs": 288,
          "fromLane": 0,
          "label": "ACK",
          "toLane": 1,
          "tone": "request",
          "tsUs": 1795307964369972,
        },
        {
          "deltaUs": 275,
          "fromLane": 1,
          "label": "200 OK (SDP)",
          "toLane": 0,
          "tone": "2xx",
          "tsUs": 1795307964370247,
        },
        {
          "deltaUs": 303281,
          "fromLane": 0,
          "label": "BYE",
          "toLane": 1,
          "tone": "request",
          "tsUs": 1795307964673528,
        },
      ]
    `)
  })
})
