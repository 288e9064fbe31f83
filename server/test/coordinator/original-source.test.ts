import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import type { EventBlock } from '@hepscope/shared/event/block.ts'
import { FLAG } from '@hepscope/shared/event/columns.ts'
import { ByteSink } from '@hepscope/shared/frame/byte-sink.ts'
import { appendJsonFrame } from '@hepscope/shared/frame/json.ts'
import { OriginalSource } from '../../src/coordinator/original-source.ts'

const INVITE = {
  ts: 1713379200123,
  proto: 1,
  src_ip: '10.0.0.1',
  src_port: 5060,
  dst_ip: '10.0.0.2',
  dst_port: 5080,
  node_id: 2001,
  sip: { method: 'INVITE', callid: 'c1@host', cseq: '1 INVITE', from_user: 'alice', to_user: 'bob', ruri_user: 'bob' },
}
const SIP = 'INVITE sip:bob@example.com SIP/2.0\r\nCall-ID: c1@host\r\nCSeq: 1 INVITE\r\n\r\n'

let blocks: EventBlock[] = []
let source = new OriginalSource({ node: 'old', epoch: 7 }, () => {})

beforeEach(() => {
  vi.useFakeTimers()
  blocks = []
  source = new OriginalSource({ node: 'old', epoch: 7 }, (block) => blocks.push(block))
})
afterEach(() => {
  source.close()
  vi.useRealTimers()
})

/** The frame that we would send of the first event. */
function sent(withPayload = true): unknown {
  const [block] = blocks
  if (block === undefined) throw new Error('no block')
  const out = new ByteSink()
  appendJsonFrame(out, block, 0, withPayload)
  return JSON.parse(new TextDecoder().decode(out.bytes.subarray(0, out.length)))
}

describe('OriginalSource', () => {
  it.each<[string, Record<string, unknown>]>([
    ['a request', INVITE],
    [
      'a response',
      { ...INVITE, sip: { method: 'INVITE', resp_code: '180', resp_text: 'Ringing', callid: 'c', cseq: '1 INVITE' } },
    ],
    ['a response without a text', { ...INVITE, sip: { method: 'BYE', resp_code: '481', callid: 'c', cseq: '2 BYE' } }],
    ['a method of its own', { ...INVITE, sip: { method: 'FETCH', callid: 'c', cseq: '3 FETCH' } }],
    ['UTF-8', { ...INVITE, sip: { ...INVITE.sip, from_user: 'zoë', callid: 'café' } }],
    ['IPv6', { ...INVITE, src_ip: '2001:db8::1', dst_ip: '2001:db8::2' }],
    ['RTCP', { ts: 1713379200123, proto: 5, src_ip: '10.0.0.1', dst_ip: '10.0.0.2', node_id: 1 }],
    ['no more than it must have', { ts: 1, proto: 100 }],
  ])('brings %s through as it was', (_, frame) => {
    expect(source.append(frame)).toBe(true)
    source.flush()
    expect(sent()).toEqual(frame)
  })

  it('shows no made-up payload, and says that there was one', () => {
    source.append(INVITE)
    source.append({ ts: 1, proto: 5 })
    source.flush()
    const [block] = blocks
    expect([block?.payload(0).length, block?.payload(1).length]).toEqual([0, 0])
    expect([0, 1].map((row) => ((block?.flags[row] ?? 0) & FLAG.payloadRemoved) !== 0)).toEqual([true, true])
    expect(new TextDecoder().decode(block?.bytes)).not.toContain('SIP/2.0')
  })

  it('takes a payload as it is', () => {
    source.append({ ...INVITE, payload: SIP })
    source.flush()
    expect(new TextDecoder().decode(blocks[0]?.payload(0))).toBe(SIP)
    expect((blocks[0]?.flags[0] ?? 0) & FLAG.payloadRemoved).toBe(0)
  })

  it('keeps events with and without payload in order', () => {
    source.append(INVITE)
    source.append({ ...INVITE, payload: SIP })
    source.append({ ...INVITE, payload: SIP })
    source.append(INVITE)
    source.flush()
    expect(blocks.map(({ firstSeq, count, node, epoch }) => [node, epoch, firstSeq, count])).toEqual([
      ['old', 7, 1, 1],
      ['old', 7, 2, 2],
      ['old', 7, 4, 1],
    ])
  })

  it.each<[string, unknown]>([
    ['no object', 7],
    ['null', null],
    ['a list', []],
    ['no time', { proto: 1 }],
    ['a time that is text', { ts: '1', proto: 1 }],
    ['a protocol that HEP has no room for', { ts: 1, proto: 256 }],
    ['a time past what HEP can say', { ts: 5e12, proto: 1 }],
    ['a payload over the limit', { ts: 1, proto: 1, payload: 'x'.repeat(70_000) }],
  ])('refuses %s', (_, frame) => {
    expect(source.append(frame)).toBe(false)
    source.flush()
    expect(blocks).toEqual([])
  })

  it.each([
    ['a user that no SIP URI holds', { from_user: 'a>b' }, { from_user: undefined }],
    ['a Call-ID with a line end', { callid: 'a\r\nFrom: <sip:eve@x>' }, { callid: 'a From: <sip:eve@x>' }],
    ['members that are no text', { to_user: 5, cseq: '1 INVITE' }, { to_user: undefined }],
  ])('lets %s change nothing else', (_, odd, becomes) => {
    source.append({ ...INVITE, sip: { ...INVITE.sip, ...odd } })
    source.flush()
    expect(sent()).toEqual(JSON.parse(JSON.stringify({ ...INVITE, sip: { ...INVITE.sip, ...becomes } })))
  })

  it('hands a block on within milliseconds', () => {
    source.append(INVITE)
    expect(blocks).toEqual([])
    vi.advanceTimersByTime(6)
    expect(blocks.length).toBe(1)
  })

  it('hands full blocks on before more events come', () => {
    for (let i = 0; i < 1500; i++) source.append(INVITE)
    source.flush()
    expect(blocks.map(({ count }) => count)).toEqual([1024, 476])
  })
})
