import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { HepPacket } from '@hepscope/shared/hep/packet.ts'
import { openEngine, type StoreEngine } from '../../../src/store/engine.ts'
import { Blocks, packetOf, type SipFields, sipText, START_US } from '../blocks.ts'
import { calls } from './fixture-blocks.ts'

const SECOND = 1_000_000
const START_MS = START_US / 1000
const NOW_MS = START_MS + 182_000

const request = (seconds: number, sip: SipFields, hep: Partial<HepPacket> = {}): HepPacket =>
  packetOf(sipText(sip), { tsUs: START_US + seconds * SECOND, ...hep })

const answer = (seconds: number, status: string, sip: SipFields, hep: Partial<HepPacket> = {}): HepPacket => {
  const { srcIp = '192.0.2.1', dstIp = '192.0.2.200', srcPort = 5060, dstPort = 5062 } = hep
  const back = { ...hep, srcIp: dstIp, dstIp: srcIp, srcPort: dstPort, dstPort: srcPort }
  return request(seconds, { to: '<sip:bob@example.net>;tag=b', ...sip, startLine: `SIP/2.0 ${status}` }, back)
}

/** Talks for ten seconds; the callee hangs up. */
const TALK: SipFields = { callId: 'talk_1@x' }
const BYE: SipFields = {
  ...TALK,
  startLine: 'BYE sip:alice@example.com SIP/2.0',
  cseq: '2 BYE',
  from: '<sip:bob@example.net>;tag=b',
  to: '<sip:alice@example.com>;tag=a1',
}
/** Refused, over IPv6, from another agent. */
const BUSY: SipFields = { callId: 'busy@x', from: '<sip:carol@example.com>;tag=c1', userAgent: 'Desk 7' }
const V6: Partial<HepPacket> = { srcIp: '2001:db8::1', dstIp: '2001:db8::2', agentId: 9, agentName: 'edge-paris' }
const REGISTER: SipFields = { callId: 'reg@x', cseq: '1 REGISTER', to: '<sip:alice@example.com>' }

function packets(): HepPacket[] {
  return [
    request(0, TALK),
    answer(2, '180 Ringing', { ...TALK, userAgent: 'Proxy' }),
    answer(3, '200 OK', { ...TALK, userAgent: 'Server 2' }),
    request(3, { ...TALK, startLine: 'ACK sip:bob@x SIP/2.0', cseq: '1 ACK', to: '<sip:bob@x>;tag=b' }),
    request(13, BYE, { srcIp: '192.0.2.200', dstIp: '192.0.2.1', srcPort: 5062, dstPort: 5060 }),
    request(60, BUSY, V6),
    answer(60.5, '486 Busy Here', BUSY, V6),
    request(61, { ...BUSY, startLine: 'ACK sip:bob@x SIP/2.0', cseq: '1 ACK', to: '<sip:bob@x>;tag=b' }, V6),
    request(120, { ...REGISTER, startLine: 'REGISTER sip:example.com SIP/2.0' }),
    answer(120.1, '401 Unauthorized', REGISTER),
    request(180, { callId: 'rings@x', from: '<sip:dave@example.com>;tag=d' }),
    answer(181, '180 Ringing', { callId: 'rings@x', from: '<sip:dave@example.com>;tag=d' }),
  ]
}

describe.each(['hot', 'sealed', 'half sealed'])('search for calls: %s', (where) => {
  let directory: string
  let engine: StoreEngine

  beforeAll(async () => {
    directory = mkdtempSync(join(tmpdir(), 'hepscope-calls-'))
    engine = await openEngine({ dataDir: directory, memoryLimit: '512MB', insertDelayMs: 1 }, { now: () => NOW_MS })
    const blocks = new Blocks()
    const all = packets()
    engine.append(blocks.of(...all.slice(0, 7)))
    await engine.flush()
    if (where === 'half sealed') await engine.seal()
    engine.append(blocks.of(...all.slice(7)))
    await engine.flush()
    if (where === 'sealed') await engine.seal()
  })

  afterAll(async () => {
    await engine.close()
    rmSync(directory, { recursive: true })
  })

  const found = async (body: unknown): Promise<unknown[]> => (await calls(engine, body)).map((row) => row.session_id)

  it('finds all, newest first', async () => {
    expect(await found({})).toEqual(['rings@x', 'reg@x', 'busy@x', 'talk_1@x'])
  })

  it.each([
    { q: 'state:ended', ids: ['talk_1@x'] },
    { q: 'is:answered', ids: ['talk_1@x'] },
    { q: 'is:running', ids: ['rings@x'] },
    { q: 'kind:registration', ids: ['reg@x'] },
    { q: 'user:alice', ids: ['reg@x', 'talk_1@x'] },
    { q: 'from:CAROL', ids: ['busy@x'] },
    { q: 'from=caro', ids: [] },
    { q: 'from:c*l', ids: ['busy@x'] },
    { q: 'to:bob -kind:registration', ids: ['rings@x', 'busy@x', 'talk_1@x'] },
    { q: 'code:486', ids: ['busy@x'] },
    { q: 'code:2xx', ids: ['talk_1@x'] },
    { q: 'method:register or method:bye', ids: ['reg@x', 'talk_1@x'] },
    { q: 'callid=busy@x', ids: ['busy@x'] },
    { q: 'callid:talk_', ids: ['talk_1@x'] },
    { q: 'ip:2001:db8::/32', ids: ['busy@x'] },
    { q: 'ip:192.0.2.200 state:ringing', ids: ['rings@x'] },
    { q: 'src:192.0.2.0/31', ids: ['rings@x', 'reg@x', 'talk_1@x'] },
    { q: 'dst:192.0.2.1', ids: [] },
    { q: 'port:5062 code:4xx kind:call', ids: ['busy@x'] },
    { q: 'agent:9', ids: ['busy@x'] },
    { q: 'agent:paris', ids: ['busy@x'] },
    { q: 'node:node-1 ua:desk', ids: ['busy@x'] },
    { q: 'ua:"server 2"', ids: ['talk_1@x'] },
    { q: 'carol', ids: ['busy@x'] },
    { q: '[2001:db8::1]:5060', ids: ['busy@x'] },
    { q: '486', ids: ['busy@x'] },
    { q: '"busy here" or dave', ids: ['rings@x', 'busy@x'] },
    { q: 'not (user:alice or user:carol)', ids: ['rings@x'] },
  ])('finds by q=$q', async ({ q, ids }) => {
    expect(await found({ q })).toEqual(ids)
  })

  it.each<{ filter: object; ids: string[] }>([
    { filter: { kind: ['call'] }, ids: ['rings@x', 'busy@x', 'talk_1@x'] },
    { filter: { state_class: ['off', 'done'], kind: 'call' }, ids: ['busy@x', 'talk_1@x'] },
    { filter: { state: 'ringing' }, ids: ['rings@x'] },
    { filter: { is_running: true }, ids: ['rings@x'] },
    { filter: { is: ['answered'], hangup_side: 'callee' }, ids: ['talk_1@x'] },
    { filter: { evidence: ['silent', 'ack-not-seen'] }, ids: [] },
    { filter: { status_code: [486, 200] }, ids: ['busy@x', 'talk_1@x'] },
    { filter: { codes: 180 }, ids: ['rings@x', 'talk_1@x'] },
    { filter: { methods: ['bye', ''] }, ids: ['talk_1@x'] },
    { filter: { call_id: 'talk_%' }, ids: ['talk_1@x'] },
    { filter: { call_id: 'talkX1@x' }, ids: [] },
    { filter: { caller: 'carol', from_host: 'example.com', src_ip: '2001:db8::1' }, ids: ['busy@x'] },
    { filter: { caller: '' }, ids: ['rings@x', 'reg@x', 'busy@x', 'talk_1@x'] },
    { filter: { route: '192.0.2.200:%', kind: 'registration' }, ids: ['reg@x'] },
    { filter: { user_agent: 'desk' }, ids: ['busy@x'] },
    { filter: { node: 'node-1', agent: '9' }, ids: ['busy@x'] },
    { filter: { agent: 'edge-paris' }, ids: ['busy@x'] },
    { filter: { setup_ms: { min: 2000, max: 2000 } }, ids: ['talk_1@x'] },
    { filter: { talk_ms: { min: 9000 } }, ids: ['talk_1@x'] },
    { filter: { length_ms: { max: 1000 }, kind: 'call' }, ids: ['busy@x'] },
    { filter: { message_count: { min: 4 } }, ids: ['talk_1@x'] },
    { filter: { retransmission_count: { min: 1 } }, ids: [] },
    { filter: { leg_count: { min: 1, max: 1 }, kind: 'registration' }, ids: ['reg@x'] },
  ])('finds by $filter', async ({ filter, ids }) => {
    expect(await found({ filter })).toEqual(ids)
  })

  it('finds by the time of the first event, both ends included, and up to a limit', async () => {
    expect(await found({ timestamp: { from: START_MS + 60_000, to: START_MS + 120_000 } })).toEqual(['reg@x', 'busy@x'])
    const answered = await engine.calls({ param: { limit: 2 } })
    expect(answered.ok && JSON.parse(answered.json.toString())).toMatchObject({
      data: { items: [{ session_id: 'rings@x' }, { session_id: 'reg@x' }] },
      meta: { has_more: true },
    })
  })

  it('says of each call what there is to say', async () => {
    const [row] = await calls(engine, { q: 'callid=talk_1@x' })
    expect(row).toMatchObject({
      ts_us: START_US,
      timestamp: '2025-11-22T00:00:00.000000Z',
      date: '2025-11-22',
      call_ids: ['talk_1@x'],
      kind: 'call',
      state: 'ended',
      state_class: 'done',
      is_running: false,
      status_code: 200,
      codes: [180, 200],
      methods: ['INVITE', 'ACK', 'BYE'],
      src_ip: '192.0.2.1',
      src_port: 5060,
      dst_ip: '192.0.2.200',
      dst_port: 5062,
      setup_us: 2 * SECOND,
      ring_us: SECOND,
      talk_us: 10 * SECOND,
      length_us: 13 * SECOND,
      response_us: null,
      hangup_side: 'callee',
      leg_count: 1,
      uac: 'Test Phone 1.0',
      agent_ids: [205],
      agent_names: [],
      nodes: ['node-1'],
      seq: 1,
      last_seq: 5,
    })
    expect(row).not.toHaveProperty('joined_into')
  })

  it('gives rows a line each, the same', async () => {
    const pages: Buffer[] = []
    const end = await engine.calls({}, { onRows: (page) => pages.push(page) })
    const lines = Buffer.concat(pages).toString().trimEnd().split('\n')
    expect(lines.map((line) => (JSON.parse(line) as { session_id: string }).session_id)).toEqual(await found({}))
    expect(end.ok && JSON.parse(end.json.toString())).toMatchObject({ meta: { total: 4, has_more: false } })
  })
})

describe('a question for calls that is wrong', () => {
  it.each([
    { body: { q: 'user:a proto:5' }, field: 'q', at: 7 },
    { body: { q: 'node:a not seq:5' }, field: 'q', at: 11 },
    { body: { q: 'epoch=5' }, field: 'q', at: 0 },
    { body: { q: 'state:odd' }, field: 'q', at: 6 },
    { body: { q: 'nothing:5' }, field: 'q', at: 0 },
    { body: { filter: { state: 'odd' } }, field: 'filter.state' },
    { body: { filter: { colour: 'red' } }, field: 'filter.colour' },
    { body: { filter: { talk_ms: { min: 2, max: 1 } } }, field: 'filter.talk_ms' },
    { body: { filter: { status_code: 42 } }, field: 'filter.status_code' },
    { body: { timestamp: { from: 2, to: 1 } }, field: 'timestamp' },
  ])('is refused with what and where: $body', async ({ body, ...fault }) => {
    const directory = mkdtempSync(join(tmpdir(), 'hepscope-calls-'))
    const engine = await openEngine({ dataDir: directory, memoryLimit: '512MB' })
    const answered = await engine.calls(body)
    await engine.close()
    rmSync(directory, { recursive: true })
    expect(answered).toMatchObject({ ok: false, kind: 'invalid', fields: [fault] })
  })
})
