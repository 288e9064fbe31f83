import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { MAX_INPUT_BYTES } from '../../src/bytes/input.ts'
import { SipSummary, summarizeSip, unfold } from '../../src/sip/summary.ts'
import { TEXTS } from './summary-text.ts'

/** All that a summary found, with ranges as text; what is absent or empty is left out. */
function summaryOf(message: string): Record<string, unknown> {
  const bytes = Buffer.from(`\n\n${message}tail`)
  const end = bytes.length - 4
  const sip = new SipSummary()
  const isSip = summarizeSip(bytes, 2, end, sip)
  const texts = TEXTS.map((name) => [name, sip[`${name}At`], sip[`${name}End`]] as const)
    .filter(([, at, to]) => to > at)
    .map(([name, at, to]) => [name, bytes.subarray(at, to).toString()] as const)
  const body = bytes.subarray(sip.bodyAt, end).toString()
  return {
    ...(!isSip && { isSip }),
    ...(sip.statusCode > 0 && { statusCode: sip.statusCode }),
    ...(sip.cseqNumber > 0 && { cseqNumber: sip.cseqNumber }),
    ...(sip.hasSdp && { hasSdp: true }),
    ...Object.fromEntries(texts),
    ...(body !== '' && { body }),
  }
}

/** Names of the ranges that lie outside the message, which has other text before and behind it. */
function rangesOutside(message: string): string[] {
  const bytes = Buffer.from(`;tag=${message}tail`)
  const end = bytes.length - 4
  const sip = new SipSummary()
  summarizeSip(bytes, 5, end, sip)
  const ranges = TEXTS.map((name) => ({ name: name, at: sip[`${name}At`], to: sip[`${name}End`] }))
  return [...ranges, { name: 'body', at: sip.bodyAt, to: end }]
    .filter(({ at, to }) => (at !== -1 || to !== -1) && (at < 5 || to < at || to > end))
    .map(({ name }) => name)
}

const OPTIONS = 'OPTIONS sip:h SIP/2.0\r\n'
/** Summary of one header in an OPTIONS request, without the request line's method. */
function headerOf(header: string): Record<string, unknown> {
  const { method, ...rest } = summaryOf(`${OPTIONS}${header}\r\n\r\n`)
  return method === 'OPTIONS' ? rest : { method, ...rest }
}

const INVITE = `INVITE sip:bob@b.example;user=phone SIP/2.0
Via: SIP/2.0/UDP 10.0.0.1:5060;rport;branch=z9hG4bK1
Via: SIP/2.0/UDP 10.0.0.9;branch=z9hG4bK9
From: "Alice" <sip:alice@a.example:5070;transport=udp>;tag=f1
To: <sip:bob@b.example>;tag=t1
Call-ID: c1@a.example
CSeq: 7 INVITE
User-Agent: phone 1.0
X-CID: leg-a
Content-Type: application/sdp

v=0
`
const SUMMARY = {
  method: 'INVITE',
  ruriUser: 'bob',
  fromUser: 'alice',
  fromHost: 'a.example',
  fromTag: 'f1',
  toUser: 'bob',
  toHost: 'b.example',
  toTag: 't1',
  callId: 'c1@a.example',
  cseq: '7 INVITE',
  cseqNumber: 7,
  branch: 'z9hG4bK1',
  userAgent: 'phone 1.0',
  aLegId: 'leg-a',
  hasSdp: true,
}
const COMPACT = INVITE.replaceAll('Via:', 'v:')
  .replace('From:', 'f:')
  .replace('To:', 't:')
  .replace('Call-ID:', 'i:')
  .replace('Content-Type:', 'c:')
const crlf = (text: string): string => text.replaceAll('\n', '\r\n')

describe('summarizeSip', () => {
  it.each([
    { name: 'CRLF', message: crlf(INVITE), body: 'v=0\r\n' },
    { name: 'bare LF', message: INVITE },
    { name: 'one bare LF among CRLF', message: crlf(INVITE).replace('f1\r\n', 'f1\n'), body: 'v=0\r\n' },
    { name: 'compact headers', message: COMPACT },
    { name: 'compact headers in upper case', message: COMPACT.replace(/^[a-z]:/gm, (name) => name.toUpperCase()) },
    { name: 'lower case', message: INVITE.replace(/^[\w-]+:/gm, (name) => name.toLowerCase()) },
    { name: 'upper case', message: INVITE.replace(/^[\w-]+:/gm, (name) => name.toUpperCase()) },
    { name: 'no space behind the colon', message: INVITE.replace(/^([\w-]+): /gm, '$1:') },
    { name: 'space around the colon', message: INVITE.replace(/^([\w-]+): /gm, '$1 \t:\t ') },
    { name: 'space behind the value', message: INVITE.replace(/^([\w-]+:.*)$/gm, '$1 \t') },
    { name: 'CRLF before the start line', message: `\r\n\r\n${INVITE}` },
    { name: 'a value folded behind its name', message: INVITE.replace(/^([\w-]+): /gm, '$1:\n ') },
    { name: 'parameters folded', message: INVITE.replace(/>;tag=/g, '>\n\t; tag = ').replace(';rport;', ';rport\n ;') },
    {
      name: 'names in the parameters in upper case',
      message: INVITE.replace(/;(tag|branch)/g, (p) => p.toUpperCase()),
    },
  ])('reads $name', ({ message, body = 'v=0\n' }) => {
    expect(summaryOf(message)).toEqual({ ...SUMMARY, body })
  })

  it.each([
    { line: 'SIP/2.0 400 Bad Request', expected: { statusCode: 400, reason: 'Bad Request' } },
    { line: 'SIP/2.0 500 ', expected: { statusCode: 500 } },
    { line: 'SIP/2.0 500', expected: { statusCode: 500 } },
    { line: 'sip/2.0 200 OK', expected: { statusCode: 200, reason: 'OK' } },
    { line: 'SIP/2.0 603 Décliné', expected: { statusCode: 603, reason: 'Décliné' } },
    { line: 'INVITE sip:h SIP/2.0', expected: { method: 'INVITE' } },
    { line: 'FOO tel:+5554448000;x=y SIP/2.0', expected: { method: 'FOO', ruriUser: '+5554448000' } },
    { line: 'SIP/2.0 50', expected: { isSip: false } },
    { line: 'SIP/2.0 5000', expected: { isSip: false } },
    { line: 'SIP/2.0 abc Text', expected: { isSip: false } },
    { line: 'SIP/2.0 099 Low', expected: { isSip: false } },
    { line: 'INVITE sip:h', expected: { isSip: false } },
    { line: 'INVITE  SIP/2.0', expected: { isSip: false } },
    { line: ' sip:h SIP/2.0', expected: { isSip: false } },
    { line: 'GET / HTTP/1.1', expected: { isSip: false } },
    { line: '1412@34922@10.0.0.1', expected: { isSip: false } },
    { line: '\0\0\0\0', expected: { isSip: false } },
    { line: '', expected: { isSip: false } },
  ])('reads the start line "$line"', ({ line, expected }) => {
    expect(summaryOf(`${line}\r\n`)).toEqual(expected)
    expect(summaryOf(line)).toEqual(expected)
  })

  it('says what the headers and body of a garbage message are', () => {
    expect(summaryOf('fake\r\nheader\r\nCall-ID: c1\r\n\r\nbody ...\r\n\r\n')).toEqual({
      isSip: false,
      callId: 'c1',
      body: 'body ...\r\n\r\n',
    })
  })

  const bob = { toUser: 'bob', toHost: 'h' }
  it.each([
    {
      header: 't: <sip:15555551000;npdi=yes;rn=1@0.0.0.0:5060>',
      expected: { toUser: '15555551000', toHost: '0.0.0.0' },
    },
    { header: 't: <sip:myfoo.com>', expected: { toHost: 'myfoo.com' } },
    { header: 't: <sip:bob:secret@h>;tag=1', expected: { ...bob, toTag: '1' } },
    { header: 't: <SIPS:bob@h;transport=tls?Subject=x>', expected: bob },
    {
      header: 't: <sip:bob@[2001:db8::1]:5060>;tag=1',
      expected: { toUser: 'bob', toHost: '[2001:db8::1]', toTag: '1' },
    },
    { header: 't: <sip:[::1]>', expected: { toHost: '[::1]' } },
    { header: 't: <tel:+5554448000;phone-context=x>;tag=1', expected: { toUser: '+5554448000', toTag: '1' } },
    { header: 't: TEL:911;tag=1', expected: { toUser: '911', toTag: '1' } },
    { header: 't: sip:bob@h;tag=1', expected: { ...bob, toTag: '1' } },
    { header: 't: sip:bob@h', expected: bob },
    { header: 't: Bob B <sip:bob@h>;tag=1', expected: { ...bob, toTag: '1' } },
    { header: 't: "B <sip:x@y>" <sip:bob@h>;tag=1', expected: { ...bob, toTag: '1' } },
    { header: 't: "B;tag=no" <sip:bob@h>;tag=1', expected: { ...bob, toTag: '1' } },
    { header: 't: "B \\" <sip:x@y>;tag=no" <sip:bob@h>', expected: bob },
    { header: 't: "B, C" <sip:bob@h>;tag=1', expected: { ...bob, toTag: '1' } },
    { header: 't: <sip:bob@h;tag=no>', expected: bob },
    { header: 't: <sip:bob@h>;x="a;tag=no";tag=1;y', expected: { ...bob, toTag: '1' } },
    { header: 't: <sip:bob@h>;tagged=no;tag=1', expected: { ...bob, toTag: '1' } },
    { header: 't: <sip:bob@h>;tag', expected: bob },
    { header: 't: <sip:bob@h>;tag=', expected: bob },
    { header: 't: <sip:bob@h', expected: bob },
    { header: 't: "bob', expected: {} },
    { header: 't:', expected: {} },
    { header: 't: <sip:bob@h>;tag=1\r\nTo: <sip:eve@e>;tag=2', expected: { ...bob, toTag: '1' } },
    { header: 'Via: SIP/2.0/UDP a;branch=b1, SIP/2.0/UDP b;branch=b2', expected: { branch: 'b1' } },
    { header: 'Via: SIP/2.0/UDP a, SIP/2.0/UDP b;branch=b2', expected: {} },
    { header: 'Via: SIP/2.0/UDP a\r\nVia: SIP/2.0/UDP b;branch=b2', expected: {} },
    { header: 'Via: SIP / 2.0 / UDP [::1]:5060 ; branch = b1 (comment)', expected: { branch: 'b1' } },
    {
      header: 'CSeq: 1112423100   REGISTER   ',
      expected: { method: 'REGISTER', cseq: '1112423100   REGISTER', cseqNumber: 1_112_423_100 },
    },
    { header: 'CSeq: 1\tBYE', expected: { method: 'BYE', cseq: '1\tBYE', cseqNumber: 1 } },
    { header: 'CSeq: 1', expected: { cseq: '1', cseqNumber: 1 } },
    { header: 'CSeq: BYE', expected: { method: 'BYE', cseq: 'BYE' } },
    { header: 'CSeq: 99999999999 FOO', expected: { method: 'FOO', cseq: '99999999999 FOO' } },
    { header: 'i: OvwBVivTMK19kN3Ws51_Dv', expected: { callId: 'OvwBVivTMK19kN3Ws51_Dv' } },
    { header: 'Call-ID:\r\nCall-ID: c2', expected: { callId: 'c2' } },
    { header: 'Call-ID: a\0b', expected: { callId: 'a\0b' } },
    { header: 'Server: s1\r\nUser-Agent: u1', expected: { userAgent: 's1' } },
    { header: 'x-cid: legA', expected: { aLegId: 'legA' } },
    { header: 'Subject: a\r\n Call-ID: folded', expected: {} },
    { header: `Subject: ${'x'.repeat(65_536)}\r\nCall-ID: c1`, expected: { callId: 'c1' } },
    { header: `Call-ID: ${'x'.repeat(65_536)}`, expected: { callId: 'x'.repeat(65_536) } },
  ])('reads $header', ({ header, expected }) => {
    expect(headerOf(header)).toEqual(expected)
  })

  it.each([
    'Fromage: <sip:a@h>;tag=1',
    'Fro: <sip:a@h>;tag=1',
    'To-Do: <sip:a@h>;tag=1',
    'Tx: <sip:a@h>;tag=1',
    'Viaduct: SIP/2.0/UDP a;branch=b1',
    'Call-IDX: c1',
    'Call_ID: c1',
    'Callback: c1',
    'CSeqX: 1 INVITE',
    'Content-Typed: application/sdp',
    'User-Agents: u',
    'Servers: s',
    'X-CIDs: x',
    'X-CID:',
    'In-Reply-To: c1',
    's: subject',
    'u: event',
    'x: 1800',
    'Call-ID c1',
    'From',
    ': value',
  ])('takes no header for another: %s', (header) => {
    expect(headerOf(header)).toEqual({})
  })

  it.each([
    { type: 'application/sdp', hasSdp: true },
    { type: 'Application/SDP;charset=utf-8', hasSdp: true },
    { type: 'multipart/mixed;boundary=x', hasSdp: true },
    { type: 'application/isup', hasSdp: false },
    { type: 'application', hasSdp: false },
  ])('says $hasSdp to SDP in a body of $type', ({ type, hasSdp }) => {
    const message = `${OPTIONS}Content-Type: ${type}\r\n\r\n`
    expect(summaryOf(`${message}v=0`)).toEqual({ method: 'OPTIONS', body: 'v=0', ...(hasSdp && { hasSdp }) })
    expect(summaryOf(message)).toEqual({ method: 'OPTIONS' })
  })

  it('reads no headers in the body', () => {
    const body = 'Call-ID: c2\r\nFrom: <sip:a@h>;tag=1\r\n\r\nTo: <sip:b@h>\r\n'
    expect(summaryOf(`${OPTIONS}Call-ID: c1\r\n\r\n${body}`)).toEqual({ method: 'OPTIONS', callId: 'c1', body })
  })

  it('reads a longer message up to a bound', () => {
    const line = `X-Filler: ${'x'.repeat(1000)}\r\n`
    const filler = line.repeat(Math.ceil(MAX_INPUT_BYTES / line.length))
    const { body, ...summary } = summaryOf(`${OPTIONS}Call-ID: c1\r\n${filler}Server: s1\r\n\r\nv=0`)
    expect(summary).toEqual({ method: 'OPTIONS', callId: 'c1' })
    expect(String(body).endsWith('Server: s1\r\n\r\nv=0')).toBe(true)
  })

  it('forgets the message before', () => {
    const sip = new SipSummary()
    const first = Buffer.from(INVITE)
    summarizeSip(first, 0, first.length, sip)
    summarizeSip(new Uint8Array(0), 0, 0, sip)
    expect(sip).toEqual(new SipSummary())
  })

  it.each(['"a:b', '"a:b\\', '<sip:a', '<sip:a@[b', 'sip:a@', '<sip:a@b>;x="y', '<sip:a@b>;tag', '<sip:a@b>; tag ='])(
    'stays inside a message that ends in %s',
    (value) => {
      for (const name of ['f', 't', 'v']) expect(rangesOutside(`${OPTIONS}${name}: ${value}`)).toEqual([])
      expect(rangesOutside(`OPTIONS ${value}`)).toEqual([])
    },
  )

  it('stays inside the message, whatever is in it', () => {
    const pieces = INVITE.match(/[\w.-]+|[^\w.-]/g) ?? []
    const odd = ['\0', '\r', '\r\n', '"', '\\', '<', '>', ';tag', '=', ',', ';branch=', 'é']
    const message = fc.array(fc.constantFrom(...pieces, ...odd), { maxLength: 80 }).map((parts) => parts.join(''))
    const noise = fc.uint8Array({ maxLength: 80 }).map((bytes) => Buffer.from(bytes).toString('latin1'))
    fc.assert(
      fc.property(fc.constantFrom('', OPTIONS, 'SIP/2.0 200 OK\r\n'), fc.oneof(message, noise), (line, rest) => {
        expect(rangesOutside(`${line}${rest}`)).toEqual([])
      }),
      { numRuns: 3000 },
    )
  })
})

describe('unfold', () => {
  it.each([
    { text: 'a\r\n b', expected: 'a b' },
    { text: 'a \t\n\t b', expected: 'a b' },
    { text: 'a\r\nb', expected: 'a\r\nb' },
    { text: 'a  b', expected: 'a  b' },
  ])('makes $expected', ({ text, expected }) => {
    expect(unfold(text)).toBe(expected)
  })
})
