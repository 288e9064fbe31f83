import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { EventBlock } from '../../src/event/block.ts'
import { FLAG, TEXT } from '../../src/event/columns.ts'
import { selectRows } from '../../src/event/select.ts'
import { ByteSink } from '../../src/frame/byte-sink.ts'
import { appendJsonFrame } from '../../src/frame/json.ts'
import type { HepPacket } from '../../src/hep/packet.ts'
import { blockOf, hepOf, sipText } from '../event/rows.ts'
import { INVITE, RINGING, SAMPLES } from '../event/samples.ts'

const strict = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })
const lossy = new TextDecoder('utf-8', { ignoreBOM: true })

function frameOf(block: EventBlock, row = 0, withPayload = true): string {
  const out = new ByteSink()
  appendJsonFrame(out, block, row, withPayload)
  return strict.decode(out.bytes.subarray(0, out.length))
}

const one = (payload: string | Uint8Array, change: Partial<HepPacket> = {}) => blockOf([hepOf(payload, change)])

/** The frame as the stream's reference describes it, by way of objects. */
function naiveFrame(block: EventBlock, row: number, withPayload: boolean): string {
  const flags = block.flags[row] ?? 0
  const response = (flags & FLAG.response) !== 0
  const sip = {
    method: block.methodName(row),
    resp_code: response ? String(block.statusCode[row]) : '',
    resp_text: response ? block.text(TEXT.reason, row) : '',
    callid: block.text(TEXT.callId, row),
    cseq: block.text(TEXT.cseq, row),
    from_user: block.text(TEXT.fromUser, row),
    to_user: block.text(TEXT.toUser, row),
    ruri_user: block.text(TEXT.ruriUser, row),
  }
  return JSON.stringify({
    ts: Math.floor((block.tsUs[row] ?? 0) / 1000),
    proto: block.proto[row],
    src_ip: block.srcIp(row) || undefined,
    src_port: block.srcPort[row] || undefined,
    dst_ip: block.dstIp(row) || undefined,
    dst_port: block.dstPort[row] || undefined,
    node_id: block.agentId[row] || undefined,
    sip:
      (flags & FLAG.sip) === 0
        ? undefined
        : Object.fromEntries(Object.entries(sip).filter(([, value]) => value !== '')),
    payload: (withPayload && lossy.decode(block.payload(row))) || undefined,
  })
}

const HEAD =
  '{"ts":1700000000123,"proto":1,"src_ip":"10.0.0.1","src_port":5060,"dst_ip":"10.0.0.2","dst_port":5061,"node_id":2001'

describe('appendJsonFrame', () => {
  it.each([
    {
      name: 'a request',
      block: one(INVITE),
      json: `${HEAD},"sip":{"method":"INVITE","callid":"c1@a.example","cseq":"7 INVITE","from_user":"alice","to_user":"bob","ruri_user":"bob"}}`,
    },
    {
      name: 'a response',
      block: one(RINGING),
      json: `${HEAD},"sip":{"method":"INVITE","resp_code":"180","resp_text":"Ringing now","callid":"c1@a.example","cseq":"7 INVITE","from_user":"alice","to_user":"bob"}}`,
    },
    {
      name: 'a response without reason and CSeq',
      block: one('SIP/2.0 500\r\n\r\n'),
      json: `${HEAD},"sip":{"resp_code":"500"}}`,
    },
    { name: 'a method of its own', block: one('FOO sip:h SIP/2.0\r\n\r\n'), json: `${HEAD},"sip":{"method":"FOO"}}` },
    { name: 'SIP that could not be parsed', block: one('garbage'), json: `${HEAD}}` },
    { name: 'RTCP', block: one('{}', { protocolType: 5 }), json: `${HEAD.replace('"proto":1', '"proto":5')}}` },
    {
      name: 'IPv6',
      block: one('x', { srcIp: '2001:db8::1', dstIp: '::' }),
      json: `${HEAD.replace('10.0.0.1', '2001:db8::1').replace('10.0.0.2', '::')}}`,
    },
    {
      name: 'no ports and agent',
      block: one('x', { srcPort: 0, dstPort: 0, agentId: 0 }),
      json: '{"ts":1700000000123,"proto":1,"src_ip":"10.0.0.1","dst_ip":"10.0.0.2"}',
    },
    {
      name: 'nothing but the time of receipt',
      block: blockOf([Uint8Array.from([0x48, 0x45, 0x50, 0x33, 0, 6])]),
      json: '{"ts":1790000000000,"proto":0}',
    },
    { name: 'a payload taken out', block: selectRows(one('x'), [0], false), json: `${HEAD}}`, withPayload: true },
    { name: 'an empty payload', block: one(''), json: `${HEAD}}`, withPayload: true },
    { name: 'a payload', block: one('a/b'), json: `${HEAD},"payload":"a/b"}`, withPayload: true },
  ])('writes $name', ({ block, json, withPayload = false }) => {
    expect(frameOf(block, 0, withPayload)).toBe(json)
  })

  it.each([
    {
      name: 'control characters',
      bytes: [0, 1, 8, 9, 0x0a, 0x0b, 0x0c, 0x0d, 0x1f, 0x7f],
      text: '\\u0000\\u0001\\b\\t\\n\\u000b\\f\\r\\u001f\x7f',
    },
    { name: 'quotes and backslashes', bytes: [0x22, 0x5c, 0x2f, 0x22], text: '\\"\\\\/\\"' },
    { name: 'two, three and four bytes of UTF-8', bytes: [...Buffer.from('é€😀')], text: 'é€😀' },
    { name: 'a byte order mark', bytes: [0xef, 0xbb, 0xbf, 0x41], text: '\ufeffA' },
    { name: 'a byte order mark before what is not UTF-8', bytes: [0xef, 0xbb, 0xbf, 0xff], text: '\ufeff\ufffd' },
    { name: 'a lone byte', bytes: [0x41, 0xff, 0x42], text: 'A\ufffdB' },
    { name: 'half a character', bytes: [0x41, 0xf0, 0x9f, 0x98], text: 'A\ufffd' },
    { name: 'a surrogate', bytes: [0xed, 0xa0, 0x80], text: '\ufffd\ufffd\ufffd' },
    { name: 'an overlong slash', bytes: [0xc0, 0xaf], text: '\ufffd\ufffd' },
    { name: 'U+FFFD itself', bytes: [0xef, 0xbf, 0xbd], text: '\ufffd' },
    { name: 'a quote behind UTF-8', bytes: [0xc3, 0xa9, 0x22], text: 'é\\"' },
    { name: 'line separators', bytes: [...Buffer.from('\u2028\u2029')], text: '\u2028\u2029' },
    { name: 'HTML', bytes: [...Buffer.from('<b>&</b>')], text: '<b>&</b>' },
  ])('writes a payload of $name', ({ bytes, text }) => {
    const json = frameOf(one(Uint8Array.from(bytes)))
    expect(json).toBe(`${HEAD},"payload":"${text}"}`)
    expect(JSON.parse(json)).toMatchObject({ payload: lossy.decode(Uint8Array.from(bytes)) })
  })

  it.each([
    { name: 'folded values as one line', header: 'Call-ID: a\r\n b', sip: { callid: 'a b' } },
    { name: 'quotes', header: 'Call-ID: a"\\b', sip: { callid: 'a"\\b' } },
    { name: 'control characters', header: 'Call-ID: a\0\x1bb', sip: { callid: 'a\0\x1bb' } },
    { name: 'a user in UTF-8', header: 'f: <sip:jürgen😀@h>', sip: { from_user: 'jürgen😀' } },
    { name: 'a CSeq with a tab', header: 'CSeq: 1\tFOO', sip: { cseq: '1\tFOO' } },
    { name: 'a byte order mark', header: 'Call-ID: \ufeffa', sip: { callid: '\ufeffa' } },
  ])('writes header values of $name', ({ header, sip }) => {
    const json = frameOf(one(sipText('FOO sip:h SIP/2.0', header)), 0, false)
    expect(JSON.parse(json)).toMatchObject({ sip: { method: 'FOO', ...sip } })
  })

  it('writes the same as JSON.stringify, for any packet', () => {
    const odd = fc.constantFrom('"', '\\', '\0', '\x1f', '\r\n ', 'é', '😀', '\ufeff', '<', '@', ';', ':', 'a', '1')
    const word = fc.string({ unit: odd, maxLength: 12 })
    const sip = fc
      .tuple(
        fc.constantFrom('INVITE sip:b@h SIP/2.0', 'SIP/2.0 180 Ri"ng', 'FOO sip:é@h SIP/2.0', 'x'),
        word,
        word,
        word,
      )
      .map(([line, callId, cseq, user]) =>
        Buffer.from(sipText(line, `i: ${callId}`, `CSeq: 1 ${cseq}`, `f: <sip:${user}@h>`)),
      )
    const broken = fc.tuple(sip, fc.uint8Array({ maxLength: 20 }), fc.nat()).map(([text, noise, at]) => {
      const bytes = Uint8Array.from(text)
      bytes.set(noise.subarray(0, Math.max(0, bytes.length - (at % bytes.length))), at % bytes.length)
      return bytes
    })
    const payload = fc.oneof(sip, broken, fc.uint8Array({ maxLength: 200 }))
    fc.assert(
      fc.property(fc.array(payload, { minLength: 1, maxLength: 20 }), fc.boolean(), (payloads, withPayload) => {
        const block = blockOf([...payloads.map((bytes) => hepOf(Uint8Array.from(bytes))), ...SAMPLES])
        for (let row = 0; row < block.count; row++) {
          expect(frameOf(block, row, withPayload)).toBe(naiveFrame(block, row, withPayload))
        }
      }),
      { numRuns: 60 },
    )
  })

  it('appends frame after frame', () => {
    const block = blockOf(SAMPLES)
    const out = new ByteSink()
    for (let row = 0; row < block.count; row++) appendJsonFrame(out, block, row, true)
    const frames = SAMPLES.map((_, row) => naiveFrame(block, row, true))
    expect(strict.decode(out.bytes.subarray(0, out.length))).toBe(frames.join(''))
  })

  it('grows for the worst case, a payload of control characters', () => {
    const block = one(new Uint8Array(65_000).fill(1), { protocolType: 100 })
    expect(frameOf(block)).toBe(naiveFrame(block, 0, true))
  })
})

describe('ByteSink', () => {
  it('keeps its bytes when it grows', () => {
    const out = new ByteSink()
    const piece = Uint8Array.of(1, 2, 3)
    for (let i = 0; i < 50_000; i++) out.append(piece)
    const expected = Uint8Array.from({ length: 150_000 }, (_, i) => (i % 3) + 1)
    expect(out.length).toBe(150_000)
    expect(Buffer.compare(out.bytes.subarray(0, out.length), expected)).toBe(0)
  })
})
