import { describe, expect, it } from 'vitest'
import { eventUuid } from '../../src/store/event-uuid.ts'
import { Blocks, EPOCH, NODE, packetOf, sipText, START_US } from './blocks.ts'
import { engineAt, messages, newDataDir, type Row, search } from './data-dir.ts'
import type { HepPacket } from '@hepscope/shared/hep/packet.ts'

/** What `search` gives for one packet, while it is hot and when it is sealed; both must be the same. */
async function storedRow(packet: HepPacket, filter: object = {}): Promise<Row> {
  const engine = await engineAt(newDataDir())
  engine.append(new Blocks().of(packet))
  await engine.flush()
  const [hot] = await search(engine, { filter })
  await engine.seal()
  const [sealed] = await search(engine, { filter })
  if (hot === undefined) throw new Error('no row')
  expect(sealed).toEqual(hot)
  return hot
}

describe('HotChunk', () => {
  it('stores every field of a request under its name', async () => {
    const payload = sipText({
      callId: 'a84b4c76e66710@gw.example.com',
      from: '"Alice" <sip:alice@example.com:5061>;tag=1928301774',
      to: '<sip:bob@example.net>;tag=314159',
      cseq: '314159 INVITE',
      headers: 'X-CID: leg-a@example.com\r\n',
    })
    const row = await storedRow(
      packetOf(payload, {
        ipProtocol: 6,
        correlationId: 'correlation-1@example.com',
        agentName: 'proxy one of two',
        tsUs: START_US + 123_456,
        chunks: [{ vendor: 7, type: 1, bytes: new Uint8Array([0, 1, 2]) }],
      }),
    )
    expect(row).toEqual({
      uuid: eventUuid(NODE, EPOCH, 1),
      proto_type: 1,
      date: '2025-11-22',
      timestamp: '2025-11-22T00:00:00.123456Z',
      ts_us: START_US + 123_456,
      session_id: 'a84b4c76e66710@gw.example.com',
      caller: 'alice',
      callee: 'bob',
      src_ip: '192.0.2.1',
      src_port: 5060,
      dst_ip: '192.0.2.200',
      dst_port: 5062,
      method: 'INVITE',
      response_code: '',
      cseq_method: 'INVITE',
      protocol: 6,
      node_id: '205',
      cid: 'correlation-1@example.com',
      payload,
      payload_raw: null,
      node: NODE,
      epoch: EPOCH,
      seq: 1,
      agent_name: 'proxy one of two',
      transport: 'tcp',
      hep_version: 3,
      flags: 19,
      hep_extra: Buffer.from([0, 7, 0, 1, 0, 9, 0, 1, 2]).toString('base64'),
      from_host: 'example.com',
      to_host: 'example.net',
      from_tag: '1928301774',
      to_tag: '314159',
      branch: 'z9hG4bK-1',
      ruri_user: 'bob',
      user_agent: 'Test Phone 1.0',
      reason: '',
      x_call_id: 'leg-a@example.com',
      cseq: 314_159,
      data_extra: {
        version: 3,
        from_host: 'example.com',
        to_host: 'example.net',
        user_agent: 'Test Phone 1.0',
        cseq: 314_159,
        response_code: '',
        response_reason: '',
        from_tag: '1928301774',
        to_tag: '314159',
        branch: 'z9hG4bK-1',
        x_call_id: 'leg-a@example.com',
      },
    })
  })

  it('gives a response its code, no method, and the table of its CSeq', async () => {
    const row = await storedRow(packetOf(sipText({ startLine: 'SIP/2.0 486 Busy Here', cseq: '7 INVITE' })))
    expect(row).toMatchObject({ method: '', response_code: '486', cseq_method: 'INVITE', reason: 'Busy Here', cseq: 7 })
  })

  it('reads contact and expiry of a registration from its headers only', async () => {
    const headers = 'Expires: 3600\r\nm: <sip:alice@192.0.2.1:5060>;q=1 \r\n'
    const payload = sipText({
      startLine: 'REGISTER sip:x SIP/2.0',
      cseq: '1 REGISTER',
      headers,
      body: 'Expires: 1\r\n',
    })
    const row = await storedRow(packetOf(payload), { event_type: 'registration' })
    expect(row).toMatchObject({ aor: 'bob@example.net', contact: '<sip:alice@192.0.2.1:5060>;q=1', expires: '3600' })
  })

  it('stores a method that is not in the table', async () => {
    const payload = sipText({ startLine: 'FROBNICATE-EVERYTHING sip:x SIP/2.0', cseq: '1 FROBNICATE-EVERYTHING' })
    const row = await storedRow(packetOf(payload), { event_type: 'default' })
    expect(row).toMatchObject({ method: 'FROBNICATE-EVERYTHING', cseq_method: 'FROBNICATE-EVERYTHING' })
  })

  it.each([
    { srcIp: '2001:db8::1', dstIp: '2001:db8:ffff:ffff:ffff:ffff:ffff:fffe' },
    { srcIp: '::1', dstIp: '::' },
    { srcIp: '255.255.255.255', dstIp: '0.0.0.0' },
    { srcIp: '10.0.0.1', dstIp: '10.0.0.2' },
  ])('stores the addresses $srcIp and $dstIp', async ({ srcIp, dstIp }) => {
    expect(await storedRow(packetOf(sipText(), { srcIp, dstIp }))).toMatchObject({ src_ip: srcIp, dst_ip: dstIp })
  })

  it.each([
    { name: 'NUL', payload: new Uint8Array([0x61, 0, 0x62]), text: 'a\ufffdb' },
    { name: 'bytes that are not UTF-8', payload: new Uint8Array([0x61, 0xff, 0xc3, 0x62]), text: 'a\ufffd\ufffdb' },
    { name: 'a byte order mark and NUL', payload: new Uint8Array([0xef, 0xbb, 0xbf, 0]), text: '\ufeff\ufffd' },
    { name: 'all bytes there are', payload: Uint8Array.from({ length: 256 }, (_, i) => i), text: undefined },
  ])('keeps a payload with $name byte for byte', async ({ payload, text }) => {
    const row = await storedRow(packetOf(payload, { protocolType: 100 }), { proto_type: 100 })
    expect(row.payload_raw).toBe(Buffer.from(payload).toString('base64'))
    if (text !== undefined) expect(row.payload).toBe(text)
  })

  it.each([
    { name: 'none', payload: '' },
    { name: 'one byte', payload: 'x' },
    { name: '12 bytes', payload: 'x'.repeat(12) },
    { name: '13 bytes', payload: '0123456789abc' },
    { name: 'UTF-8 of every length', payload: 'aäß€😀\ufffd\u0001\ud7ff' },
    { name: '60,000 bytes', payload: 'xyz'.repeat(20_000) },
  ])('keeps a payload of $name as text', async ({ payload }) => {
    const row = await storedRow(packetOf(payload, { protocolType: 100 }), { proto_type: 100 })
    expect(row).toMatchObject({ payload, payload_raw: null })
  })

  it('joins folded header lines and repairs texts that are not UTF-8, beside rows that are plain', async () => {
    const engine = await engineAt(newDataDir())
    const folded = sipText({ userAgent: 'one\r\n  two' })
    const broken = Buffer.from(sipText({ from: '<sip:a!b@example.com>;tag=1' }))
    broken[broken.indexOf('!')] = 0xe9
    engine.append(
      new Blocks().of(
        packetOf(sipText()),
        packetOf(folded),
        packetOf(broken),
        packetOf(sipText({ from: '<sip:zoë@x>' })),
      ),
    )
    await engine.flush()
    const rows = await messages(engine, { session_id: 'call-1@example.com' })
    expect(rows.map((row) => [row.caller, row.user_agent])).toEqual([
      ['alice', 'Test Phone 1.0'],
      ['alice', 'one two'],
      ['a\ufffdb', 'Test Phone 1.0'],
      ['zoë', 'Test Phone 1.0'],
    ])
    expect(rows.map((row) => row.payload_raw)).toEqual([null, null, broken.toString('base64'), null])
  })

  it('reads texts of any bytes from their blocks as they are read from files', async () => {
    const engine = await engineAt(newDataDir())
    const blocks = new Blocks()
    const packets = (length: number) =>
      Array.from({ length }, (_, i) => {
        const payload = Buffer.from(
          sipText({
            callId: `é${'ü'.repeat((i * 7) % 190)}-${i}`,
            from: `"Zoë" <sip:${'x'.repeat(i % 31)}ß@ä.example>;tag=${i}é`,
            userAgent: 'é'.repeat((i * 3) % 110),
            body: '€'.repeat(i % 5),
          }),
        )
        // Some have a byte that is not UTF-8, somewhere, and some end in the middle of a character.
        if (i % 11 === 0) payload[(i * 13) % payload.length] = 0xc3
        const end = i % 17 === 0 ? (i * 29) % payload.length : payload.length
        return packetOf(payload.subarray(0, end + 1), {
          agentName: 'ü'.repeat(i % 40),
          correlationId: '€'.repeat(i % 60),
          chunks: [{ vendor: 7, type: 1, bytes: new Uint8Array([0x80, 0xff, i & 0xff]) }],
        })
      })
    for (const length of [1000, 17, 600]) engine.append(blocks.of(...packets(length)))
    await engine.flush()
    const all = { filter: { event_type: 'all' }, param: { limit: 5000 } }
    const hot = await search(engine, all)
    expect(hot.length).toBeGreaterThan(1500)
    await engine.seal()
    expect(await search(engine, all)).toEqual(hot)
    expect(engine.stats()).toMatchObject({ state: 'ok', sealedRows: 1617 })
  }, 30_000)

  it('stores a block of 1,024 rows of many tables without mixing them up', async () => {
    const engine = await engineAt(newDataDir())
    const protos = [1, 5, 34, 35, 53, 100, 255]
    const packets = Array.from({ length: 1024 }, (_, i) => {
      const protocolType = protos[i % protos.length] ?? 1
      const id = `id-${i}-${'x'.repeat(i % 20)}`
      return packetOf(protocolType === 1 ? sipText({ callId: id }) : `{"n":${i}}`, { protocolType, correlationId: id })
    })
    engine.append(new Blocks().of(...packets))
    await engine.flush()
    for (const proto of protos) {
      const rows = await search(engine, { filter: { proto_type: proto }, param: { limit: 1024 } })
      const expected = packets
        .map((packet, i) => ({ packet, seq: i + 1 }))
        .filter(({ packet }) => packet.protocolType === proto)
      expect(rows.map((row) => [row.seq, row.session_id, row.payload]).reverse()).toEqual(
        expected.map(({ packet, seq }) => [seq, packet.correlationId, Buffer.from(packet.payload ?? []).toString()]),
      )
    }
  })
})

describe('eventUuid', () => {
  it('says epoch and seq, is a version 8 UUID, and differs from node to node', () => {
    expect(eventUuid('a', 0, 0)).toMatch(/^00000000-0000-8[0-9a-f]{3}-[89ab][0-9a-f]{3}-000000000000$/)
    expect(eventUuid('a', 0xffff_ffff_ffff, 0xffff_ffff_ffff)).toMatch(/^ffffffff-ffff-8.{3}-.{4}-ffffffffffff$/)
    expect(eventUuid('a', EPOCH, 1)).not.toBe(eventUuid('b', EPOCH, 1))
  })
})
