import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { unfold } from '../../src/sip/summary.ts'
import { bytesOf, sip, summaryIn, summaryOf, type Summary } from './summary-text.ts'

const REQUEST = 'INVITE sip:bob@example.com SIP/2.0'
const ofRequest: Summary = { isSip: true, method: 'INVITE', ruriUser: 'bob' }

/** What one header adds to the summary of a request without any. */
function fromHeader(...lines: readonly string[]): Partial<Summary> {
  const { isSip: _, ruriUser: __, ...rest } = summaryOf(sip(REQUEST, ...lines))
  if (rest.method === 'INVITE') delete (rest as { method?: string }).method
  return rest
}

describe('summarizeSip', () => {
  it('reads a request', () => {
    const message = sip(
      'INVITE sip:+4930123@192.0.2.20;user=phone SIP/2.0',
      'Via: SIP/2.0/UDP 192.0.2.10:5060;branch=z9hG4bK776;rport',
      'Max-Forwards: 70',
      'From: "Alice" <sip:alice@example.com>;tag=1928',
      'To: <sip:+4930123@example.com;user=phone>',
      'Call-ID: a84b4c76@192.0.2.10',
      'CSeq: 314159 INVITE',
      'Contact: <sip:alice@192.0.2.10:5060>',
      'User-Agent: Softphone 3.2.1',
      'X-CID: leg-a',
      'Content-Type: application/sdp',
      'Content-Length: 5',
    )
    expect(summaryOf(`${message}v=0\r\n`)).toEqual({
      isSip: true,
      method: 'INVITE',
      ruriUser: '+4930123',
      branch: 'z9hG4bK776',
      fromUser: 'alice',
      fromHost: 'example.com',
      fromTag: '1928',
      toUser: '+4930123',
      toHost: 'example.com',
      callId: 'a84b4c76@192.0.2.10',
      cseq: '314159 INVITE',
      number: 314159,
      userAgent: 'Softphone 3.2.1',
      aLegId: 'leg-a',
      hasSdp: true,
      body: 'v=0\r\n',
    })
  })

  it('reads a response, whose method is that of the CSeq', () => {
    const message = sip(
      'SIP/2.0 180 Ringing',
      'Via: SIP/2.0/UDP 10.0.0.1;branch=z9hG4bKa',
      'From: <sip:a@h>;tag=1',
      'To: <sip:b@h>;tag=2',
      'Call-ID: c',
      'CSeq: 2 INVITE',
      'Server: proxy',
    )
    expect(summaryOf(message)).toEqual({
      isSip: true,
      method: 'INVITE',
      statusCode: 180,
      reason: 'Ringing',
      branch: 'z9hG4bKa',
      fromUser: 'a',
      fromHost: 'h',
      fromTag: '1',
      toUser: 'b',
      toHost: 'h',
      toTag: '2',
      callId: 'c',
      cseq: '2 INVITE',
      number: 2,
      userAgent: 'proxy',
    })
  })

  it('reads compact header names', () => {
    const message = sip(
      REQUEST,
      'v: SIP/2.0/TCP h;branch=z9hG4bKb',
      'f: <sip:a@h>;tag=1',
      't: <sip:b@h>',
      'i: OvwBVivTMK19kN3Ws51_Dv',
      'CSeq: 1 INVITE',
      'c: application/sdp',
      'l: 2',
    )
    expect(summaryOf(`${message}v=`)).toEqual({
      ...ofRequest,
      branch: 'z9hG4bKb',
      fromUser: 'a',
      fromHost: 'h',
      fromTag: '1',
      toUser: 'b',
      toHost: 'h',
      callId: 'OvwBVivTMK19kN3Ws51_Dv',
      cseq: '1 INVITE',
      number: 1,
      hasSdp: true,
      body: 'v=',
    })
  })

  describe('start line', () => {
    it.each([
      {
        name: 'a status line without CSeq',
        line: 'SIP/2.0 400 Bad Request',
        expected: { statusCode: 400, reason: 'Bad Request' },
      },
      { name: 'a status line without reason', line: 'SIP/2.0 500', expected: { statusCode: 500 } },
      { name: 'a status line that ends in a space', line: 'SIP/2.0 500 ', expected: { statusCode: 500 } },
      { name: 'two spaces in a status line', line: 'SIP/2.0  200  OK', expected: { statusCode: 200, reason: 'OK' } },
      {
        name: 'a reason in UTF-8',
        line: 'SIP/2.0 404 Nicht gefündet',
        expected: { statusCode: 404, reason: 'Nicht gefündet' },
      },
      { name: 'the version in lower case', line: 'sip/2.0 200 ok', expected: { statusCode: 200, reason: 'ok' } },
      { name: 'a request', line: 'BYE sip:a@h SIP/2.0', expected: { method: 'BYE', ruriUser: 'a' } },
      { name: 'a method without a number', line: 'SPAM sip:a@h SIP/2.0', expected: { method: 'SPAM', ruriUser: 'a' } },
      { name: 'a method in lower case', line: 'invite sip:a@h SIP/2.0', expected: { method: 'invite', ruriUser: 'a' } },
      {
        name: 'a method that begins like another',
        line: 'INVITED sip:a@h SIP/2.0',
        expected: { method: 'INVITED', ruriUser: 'a' },
      },
      {
        name: 'a long method',
        line: `${'M'.repeat(70)} sip:a@h SIP/2.0`,
        expected: { method: 'M'.repeat(70), ruriUser: 'a' },
      },
      { name: 'a space at the end', line: 'BYE sip:a@h SIP/2.0 \t', expected: { method: 'BYE', ruriUser: 'a' } },
    ])('takes $name', ({ line, expected }) => {
      expect(summaryOf(sip(line))).toEqual({ isSip: true, ...expected })
    })

    it.each([
      { name: 'garbage', line: '1412@34922@65432' },
      { name: 'one word', line: 'fake' },
      { name: 'no version', line: 'INVITE sip:bob@h' },
      { name: 'no URI', line: 'INVITE SIP/2.0' },
      { name: 'two spaces before the URI', line: 'INVITE  sip:bob@h SIP/2.0' },
      { name: 'two spaces behind the URI', line: 'INVITE sip:bob@h  SIP/2.0' },
      { name: 'a space in the URI', line: 'INVITE sip:bob @h SIP/2.0' },
      { name: 'a fourth part', line: 'INVITE sip:bob@h SIP/2.0 x' },
      { name: 'no method', line: ' sip:bob@h SIP/2.0' },
      { name: 'another protocol', line: 'GET / HTTP/1.1' },
      { name: 'a status of two digits', line: 'SIP/2.0 20 OK' },
      { name: 'a status of four digits', line: 'SIP/2.0 2000 OK' },
      { name: 'a status below 100', line: 'SIP/2.0 099 OK' },
      { name: 'a status that is no number', line: 'SIP/2.0 2x0 OK' },
      { name: 'no status', line: 'SIP/2.0' },
      { name: 'no status, but spaces', line: 'SIP/2.0   ' },
      { name: 'no space before the status', line: 'SIP/2.0200 OK' },
      { name: 'another version', line: 'SIP/3.0 200 OK' },
      { name: 'an empty line', line: '' },
    ])('refuses $name', ({ line }) => {
      expect(summaryOf(sip(line)).isSip).toBe(false)
    })

    it('skips line ends before it', () => {
      expect(summaryOf(`\r\n\n\r${sip(REQUEST)}`)).toMatchObject(ofRequest)
    })

    it('reads headers even if it is no SIP', () => {
      expect(summaryOf(sip('fake', 'Call-ID: c', 'CSeq: 1 BYE'))).toEqual({
        isSip: false,
        callId: 'c',
        cseq: '1 BYE',
        number: 1,
        method: 'BYE',
      })
    })

    it('splits a message of lines that are no headers', () => {
      expect(summaryOf('fake\r\nheader\r\n\r\nbody ...\r\n\r\n')).toEqual({ isSip: false, body: 'body ...\r\n\r\n' })
    })

    it('does not go on in the next line', () => {
      expect(summaryOf(sip('INVITE', 'sip:bob@h SIP/2.0'))).toEqual({ isSip: false })
      expect(summaryOf(sip('SIP/2.0', '200 OK'))).toEqual({ isSip: false })
    })
  })

  describe('request URI', () => {
    it.each([
      { name: 'sip', uri: 'sip:bob@h', expected: 'bob' },
      { name: 'sips', uri: 'sips:bob@h', expected: 'bob' },
      { name: 'upper case', uri: 'SIP:Bob@h', expected: 'Bob' },
      { name: 'tel', uri: 'tel:+5554448000', expected: '+5554448000' },
      { name: 'tel with parameters', uri: 'tel:7042;phone-context=example.com', expected: '7042' },
      { name: 'parameters of the user', uri: 'sip:15555551000;npdi=yes;rn=1@0.0.0.0:5060', expected: '15555551000' },
      { name: 'a password', uri: 'sip:bob:secret@h', expected: 'bob' },
      { name: 'no user', uri: 'sip:example.com', expected: undefined },
      { name: 'no user, but a port', uri: 'sip:example.com:5060', expected: undefined },
      { name: 'no scheme', uri: 'bob@h', expected: undefined },
      { name: 'an empty user', uri: 'sip:@h', expected: undefined },
      { name: 'IPv6', uri: 'sip:bob@[2001:db8::1]:5060', expected: 'bob' },
      { name: 'other characters of a user', uri: "sip:a-_.!~*'()&=+$,?/b@h", expected: "a-_.!~*'()&=+$,?/b" },
    ])('finds the user: $name', ({ uri, expected }) => {
      expect(summaryOf(sip(`OPTIONS ${uri} SIP/2.0`))).toMatchObject({ isSip: true, method: 'OPTIONS' })
      expect(summaryOf(sip(`OPTIONS ${uri} SIP/2.0`)).ruriUser).toBe(expected)
    })
  })

  describe('From and To', () => {
    it.each([
      { name: 'name-addr', value: '<sip:a@h>;tag=1', expected: ['a', 'h', '1'] },
      { name: 'display name', value: 'Alice B <sip:a@h>;tag=1', expected: ['a', 'h', '1'] },
      { name: 'display name in quotes', value: '"Alice" <sip:a@h>;tag=1', expected: ['a', 'h', '1'] },
      { name: 'no space behind the quotes', value: '"Alice"<sip:a@h>;tag=1', expected: ['a', 'h', '1'] },
      { name: '< in quotes', value: '"A <sip:x@y>;tag=0" <sip:a@h>;tag=1', expected: ['a', 'h', '1'] },
      { name: 'a quote in quotes', value: '"A \\"<sip:x@y>" <sip:a@h>;tag=1', expected: ['a', 'h', '1'] },
      { name: 'a backslash at the end of quotes', value: '"A\\\\" <sip:a@h>;tag=1', expected: ['a', 'h', '1'] },
      { name: 'text behind the quotes', value: '"A" B "<C>" <sip:a@h>;tag=1', expected: ['a', 'h', '1'] },
      { name: ';tag= in quotes of a parameter', value: '<sip:a@h>;x=";tag=0";tag=1', expected: ['a', 'h', '1'] },
      { name: ', in quotes of a parameter', value: '<sip:a@h>;x="a,b";tag=1', expected: ['a', 'h', '1'] },
      { name: 'other parameters first', value: '<sip:a@h>;tagged=0;x;tag=1;y', expected: ['a', 'h', '1'] },
      { name: 'spaces around ; and =', value: '<sip:a@h> ; tag = 1 ; x', expected: ['a', 'h', '1'] },
      { name: 'tag in upper case', value: '<sip:a@h>;TAG=x', expected: ['a', 'h', 'x'] },
      { name: 'no tag', value: '<sip:a@h>', expected: ['a', 'h', undefined] },
      { name: 'an empty tag', value: '<sip:a@h>;tag=', expected: ['a', 'h', undefined] },
      { name: 'a tag without value', value: '<sip:a@h>;tag', expected: ['a', 'h', undefined] },
      { name: 'a tag of the URI', value: '<sip:a@h;tag=0>', expected: ['a', 'h', undefined] },
      { name: 'a tag of a second value', value: '<sip:a@h>, <sip:b@h>;tag=1', expected: ['a', 'h', undefined] },
      {
        name: 'a tag with odd characters',
        value: '<sip:a@h>;tag=a-b.c%20~d@e:f=g',
        expected: ['a', 'h', 'a-b.c%20~d@e:f=g'],
      },
      { name: 'addr-spec', value: 'sip:a@h;tag=1', expected: ['a', 'h', '1'] },
      { name: 'addr-spec with port', value: 'sip:a@h:5060;tag=1', expected: ['a', 'h', '1'] },
      { name: 'addr-spec without user', value: 'sip:h;tag=1', expected: [undefined, 'h', '1'] },
      { name: 'addr-spec without user, @ in the tag', value: 'sip:h;tag=1@2', expected: [undefined, 'h', '1@2'] },
      { name: 'sips', value: '<sips:a@h>', expected: ['a', 'h', undefined] },
      { name: 'SIP in upper case', value: '<SIP:a@h>', expected: ['a', 'h', undefined] },
      { name: 'port', value: '<sip:a@h:5061>', expected: ['a', 'h', undefined] },
      { name: 'URI parameters', value: '<sip:a@h;transport=tcp>;tag=1', expected: ['a', 'h', '1'] },
      { name: 'URI headers', value: '<sip:a@h?subject=x>;tag=1', expected: ['a', 'h', '1'] },
      { name: 'password', value: '<sip:a:secret@h>', expected: ['a', 'h', undefined] },
      { name: 'parameters of the user', value: '<sip:1;x=2:pw@h>', expected: ['1', 'h', undefined] },
      { name: 'no user', value: '<sip:myfoo.com>;tag=1', expected: [undefined, 'myfoo.com', '1'] },
      { name: 'no user, port', value: '<sip:myfoo.com:5060;x=1>;tag=1', expected: [undefined, 'myfoo.com', '1'] },
      { name: 'no user, headers', value: '<sip:myfoo.com?x=1>', expected: [undefined, 'myfoo.com', undefined] },
      { name: 'IPv6', value: '<sip:a@[2001:db8::1]:5060>;tag=1', expected: ['a', '[2001:db8::1]', '1'] },
      { name: 'IPv6 without user', value: '<sip:[::1]>;tag=1', expected: [undefined, '[::1]', '1'] },
      { name: 'IPv6 not closed', value: '<sip:a@[::1>;tag=1', expected: ['a', '[::1', '1'] },
      { name: 'tel', value: '<tel:+5554448000>;tag=1', expected: ['+5554448000', undefined, '1'] },
      { name: 'tel with parameters', value: '<tel:123;phone-context=+49>;tag=1', expected: ['123', undefined, '1'] },
      { name: 'tel without brackets', value: 'tel:123;tag=1', expected: ['123', undefined, '1'] },
      { name: 'urn', value: '<urn:service:sos>;tag=1', expected: [undefined, 'service', '1'] },
      { name: 'no scheme', value: '<a@h>;tag=1', expected: [undefined, undefined, '1'] },
      { name: 'empty brackets', value: '<>;tag=1', expected: [undefined, undefined, '1'] },
      { name: 'brackets not closed', value: '<sip:a@h', expected: ['a', 'h', undefined] },
      { name: 'quotes not closed', value: '"Alice <sip:a@h>;tag=1', expected: [undefined, undefined, '1'] },
      { name: 'only a quote', value: '"', expected: [undefined, undefined, undefined] },
      { name: 'a backslash at the end of the line', value: '"\\', expected: [undefined, undefined, undefined] },
      { name: 'blanks inside the brackets', value: '< sip:a@h >;tag=1', expected: ['a', 'h', '1'] },
      { name: 'tab before the value', value: '\t<sip:a@h>;tag=1', expected: ['a', 'h', '1'] },
      {
        name: 'anonymous',
        value: '"Anonymous" <sip:anonymous@anonymous.invalid>;tag=1',
        expected: ['anonymous', 'anonymous.invalid', '1'],
      },
      { name: 'UTF-8', value: '"Jörg" <sip:jörg@müller.example>;tag=1', expected: ['jörg', 'müller.example', '1'] },
    ])('takes $name', ({ value, expected: [user, host, tag] }) => {
      const next = ['Call-ID: c']
      expect(fromHeader(`From: ${value}`, ...next)).toEqual(
        present({ fromUser: user, fromHost: host, fromTag: tag, callId: 'c' }),
      )
      expect(fromHeader(`t:${value}`, ...next)).toEqual(
        present({ toUser: user, toHost: host, toTag: tag, callId: 'c' }),
      )
    })
  })

  describe('Via', () => {
    it.each([
      { name: 'one', lines: ['Via: SIP/2.0/UDP h;branch=z9hG4bK1'], expected: 'z9hG4bK1' },
      {
        name: 'other parameters first',
        lines: ['Via: SIP/2.0/UDP h:5060;rport;received=1.2.3.4;branch=x'],
        expected: 'x',
      },
      { name: 'upper case', lines: ['VIA: sip/2.0/udp h;BRANCH=x'], expected: 'x' },
      { name: 'blanks', lines: ['Via : SIP / 2.0 / UDP h ; branch = x ;rport'], expected: 'x' },
      { name: 'IPv6', lines: ['Via: SIP/2.0/UDP [2001:db8::1]:5060;branch=x'], expected: 'x' },
      {
        name: 'the topmost of several',
        lines: ['Via: SIP/2.0/UDP h;branch=1', 'Via: SIP/2.0/UDP h;branch=2'],
        expected: '1',
      },
      { name: 'several in one line', lines: ['Via: SIP/2.0/UDP h;branch=1, SIP/2.0/UDP h;branch=2'], expected: '1' },
      {
        name: 'a topmost without branch',
        lines: ['Via: SIP/2.0/UDP h', 'Via: SIP/2.0/UDP h;branch=2'],
        expected: undefined,
      },
      {
        name: 'a topmost without branch in one line',
        lines: ['Via: SIP/2.0/UDP h, SIP/2.0/UDP h;branch=2'],
        expected: undefined,
      },
      { name: 'a branch that begins alike', lines: ['Via: SIP/2.0/UDP h;branches=0;branch=1'], expected: '1' },
      { name: 'a comma behind the branch', lines: ['Via: SIP/2.0/UDP h;branch=1,2'], expected: '1' },
      { name: 'a branch in quotes of another', lines: ['Via: SIP/2.0/UDP h;x=";branch=0";branch=1'], expected: '1' },
      { name: 'an empty branch', lines: ['Via: SIP/2.0/UDP h;branch='], expected: undefined },
      { name: 'odd characters', lines: ['Via: SIP/2.0/UDP h;branch=z9hG4bK.~1*@:=='], expected: 'z9hG4bK.~1*@:==' },
    ])('takes $name', ({ lines, expected }) => {
      expect(fromHeader(...lines)).toEqual(present({ branch: expected }))
    })
  })

  describe('CSeq', () => {
    it.each([
      { value: '1 INVITE', expected: { cseq: '1 INVITE', number: 1 } },
      {
        value: '1112423100   REGISTER   ',
        expected: { cseq: '1112423100   REGISTER', number: 1112423100, method: 'REGISTER' },
      },
      { value: '1\tBYE', expected: { cseq: '1\tBYE', number: 1, method: 'BYE' } },
      { value: '4294967295 ACK', expected: { cseq: '4294967295 ACK', number: 4294967295, method: 'ACK' } },
      { value: '4294967296 ACK', expected: { cseq: '4294967296 ACK', method: 'ACK' } },
      { value: `${'9'.repeat(400)} ACK`, expected: { cseq: `${'9'.repeat(400)} ACK`, method: 'ACK' } },
      { value: '7', expected: { cseq: '7', number: 7 } },
      { value: 'INVITE', expected: { cseq: 'INVITE' } },
      { value: '1 bye', expected: { cseq: '1 bye', number: 1, method: 'bye' } },
      { value: '1 NOTIFY x', expected: { cseq: '1 NOTIFY x', number: 1, method: 'NOTIFY' } },
      { value: '', expected: {} },
    ])('reads "$value"', ({ value, expected }) => {
      expect(fromHeader(`CSeq: ${value}`)).toEqual(expected)
    })

    it('wins over the method of the request line', () => {
      expect(summaryOf(sip(REQUEST, 'CSeq: 1 UPDATE')).method).toBe('UPDATE')
    })
  })

  describe('header names', () => {
    it.each([
      { name: 'upper case', line: 'CALL-ID: c' },
      { name: 'lower case', line: 'call-id: c' },
      { name: 'mixed case', line: 'cAlL-iD: c' },
      { name: 'compact', line: 'i: c' },
      { name: 'compact in upper case', line: 'I: c' },
      { name: 'no space', line: 'Call-ID:c' },
      { name: 'blanks before the colon', line: 'Call-ID \t : c' },
      { name: 'blanks around the value', line: 'Call-ID: \t c \t ' },
    ])('takes $name', ({ line }) => {
      expect(fromHeader(line)).toEqual({ callId: 'c' })
    })

    it.each([
      'Fromage: <sip:a@h>;tag=1',
      'From-X: <sip:a@h>;tag=1',
      'Fro: <sip:a@h>;tag=1',
      'To-Do: <sip:a@h>;tag=1',
      'Tos: <sip:a@h>',
      'Timestamp: 1',
      'Viaduct: SIP/2.0/UDP h;branch=1',
      'Vi: SIP/2.0/UDP h;branch=1',
      'Call-IDX: x',
      'Call_ID: x',
      'Call-I: x',
      'ii: x',
      'CSeqs: 1 BYE',
      'CSe: 1 BYE',
      'Content-Types: application/sdp',
      'Content-Length: 9',
      'Contact: <sip:x@y>;tag=1',
      'User-Agents: x',
      'User: x',
      'Service-Route: x',
      'Servers: x',
      'X-CIDS: x',
      'X-Call-ID: x',
      'P-To: <sip:a@h>;tag=1',
      'Call-ID x: y',
      'Call-ID',
      'To',
      'v',
      ': x',
      ' ',
      'Subject: From: <sip:a@h>',
    ])('passes over "%s"', (line) => {
      expect(fromHeader(line)).toEqual({})
      expect(fromHeader(line, 'Call-ID: c')).toEqual({ callId: 'c' })
    })

    it('counts the first of a repeated header, compact or not', () => {
      expect(
        fromHeader('Call-ID: 1', 'i: 2', 'f: <sip:1@h>', 'From: <sip:2@h>;tag=2', 'CSeq: 1 BYE', 'CSeq: 2 ACK'),
      ).toEqual({
        callId: '1',
        fromUser: '1',
        fromHost: 'h',
        cseq: '1 BYE',
        number: 1,
        method: 'BYE',
      })
    })

    it('takes User-Agent or Server, whichever comes first', () => {
      expect(fromHeader('User-Agent: a', 'Server: b')).toEqual({ userAgent: 'a' })
      expect(fromHeader('Server: b', 'User-Agent: a')).toEqual({ userAgent: 'b' })
    })
  })

  describe('lines', () => {
    it.each([
      { name: 'CRLF', end: '\r\n' },
      { name: 'LF', end: '\n' },
    ])('takes $name', ({ end }) => {
      const message = [REQUEST, 'f: <sip:a@h>;tag=1', 'i: c', 'CSeq: 1 INVITE', 'c: application/sdp', '', 'v=0'].join(
        end,
      )
      expect(summaryOf(message)).toEqual({
        ...ofRequest,
        fromUser: 'a',
        fromHost: 'h',
        fromTag: '1',
        callId: 'c',
        cseq: '1 INVITE',
        number: 1,
        hasSdp: true,
        body: 'v=0',
      })
    })

    it('takes a bare LF among CRLFs', () => {
      expect(fromHeader('From: <sip:a@h>;tag=1\nCall-ID: c', 'CSeq: 1 INVITE')).toEqual({
        fromUser: 'a',
        fromHost: 'h',
        fromTag: '1',
        callId: 'c',
        cseq: '1 INVITE',
        number: 1,
      })
    })

    it('takes no lone CR for a line end', () => {
      expect(fromHeader('Call-ID: a\rb')).toEqual({ callId: 'a\rb' })
    })

    it.each([
      { name: 'Call-ID', lines: ['Call-ID:', ' c'], expected: { callId: 'c' } },
      { name: 'Call-ID in the middle', lines: ['Call-ID: c', '\td'], expected: { callId: 'c\r\n\td' } },
      { name: 'an empty continuation', lines: ['Call-ID: c', ' ', ' d', ' '], expected: { callId: 'c\r\n \r\n d' } },
      { name: 'CSeq', lines: ['CSeq: 1', '  BYE'], expected: { cseq: '1\r\n  BYE', number: 1, method: 'BYE' } },
      {
        name: 'From before the tag',
        lines: ['From: <sip:a@h>', ' ;tag=1'],
        expected: { fromUser: 'a', fromHost: 'h', fromTag: '1' },
      },
      {
        name: 'From before the URI',
        lines: ['From: "A', ' <x>"', '\t<sip:a@h>;x', ' ; tag', ' = 1'],
        expected: { fromUser: 'a', fromHost: 'h', fromTag: '1' },
      },
      { name: 'Via', lines: ['Via: SIP/2.0/UDP h', ' ;branch=x'], expected: { branch: 'x' } },
      {
        name: 'several',
        lines: ['i: c', ' d', 'v: SIP/2.0/UDP h', ' ;branch=x'],
        expected: { callId: 'c\r\n d', branch: 'x' },
      },
      {
        name: 'a header that does not matter',
        lines: ['Subject: a', ' From: <sip:x@y>', 'i: c'],
        expected: { callId: 'c' },
      },
      { name: 'the line behind the start line', lines: [' i: x', 'i: c'], expected: { callId: 'c' } },
    ])('joins folded lines: $name', ({ lines, expected }) => {
      expect(fromHeader(...lines)).toEqual(expected)
    })

    it('leaves a folded message as it was', () => {
      const bytes = bytesOf(sip(REQUEST, 'Call-ID: c', ' d'))
      const before = bytes.slice()
      summaryOf(bytes)
      expect(bytes).toEqual(before)
    })

    it.each([
      { name: 'nothing', message: '' },
      { name: 'line ends', message: '\r\n\r\n' },
      { name: 'a keep-alive', message: '\0\0\0\0' },
    ])('finds nothing in $name', ({ message }) => {
      expect(summaryOf(message)).toMatchObject({ isSip: false })
    })

    it('takes a message that ends anywhere', () => {
      const message = sip(REQUEST, 'Via: SIP/2.0/UDP h;branch=b', 'From: "A" <sip:a@h>;tag=1', 'i: c', 'CSeq: 1 INVITE')
      for (let length = 0; length < message.length; length++) {
        const texts = Object.values(summaryOf(message.slice(0, length))).filter((value) => typeof value === 'string')
        for (const text of texts) expect(message).toContain(text)
      }
      expect(summaryOf(message.slice(0, -6))).toMatchObject({ callId: 'c', cseq: '1 INVI' })
    })
  })

  describe('body', () => {
    it('is not read', () => {
      const message = sip(REQUEST, 'Content-Type: text/plain')
      const body = 'Call-ID: x\r\nFrom: <sip:a@h>;tag=1\r\nCSeq: 9 BYE\r\n'
      expect(summaryOf(message + body)).toEqual({ ...ofRequest, body })
    })

    it.each([
      { name: 'CRLF', message: 'a\r\nb\r\n\r\nbody', expected: 'body' },
      { name: 'LF', message: 'a\nb\n\nbody', expected: 'body' },
      { name: 'LF and CRLF', message: 'a\nb\r\n\nbody', expected: 'body' },
      { name: 'an empty line at once', message: 'a\r\n\r\nbody', expected: 'body' },
      { name: 'no empty line', message: 'a\r\nb\r\n', expected: undefined },
      { name: 'no body', message: 'a\r\nb\r\n\r\n', expected: undefined },
    ])('begins behind the first empty line: $name', ({ message, expected }) => {
      expect(summaryOf(message).body).toBe(expected)
    })

    it.each([
      { type: 'application/sdp', hasSdp: true },
      { type: 'Application/SDP', hasSdp: true },
      { type: 'application/sdp;charset=utf-8', hasSdp: true },
      { type: 'multipart/mixed;boundary=x', hasSdp: true },
      { type: 'application/sdpx', hasSdp: true },
      { type: 'application/sd', hasSdp: undefined },
      { type: 'application/dtmf-relay', hasSdp: undefined },
      { type: 'multipar', hasSdp: undefined },
      { type: 'text/plain', hasSdp: undefined },
      { type: '', hasSdp: undefined },
    ])('holds SDP if its type is $type: $hasSdp', ({ type, hasSdp }) => {
      expect(summaryOf(`${sip(REQUEST, `Content-Type: ${type}`)}v=0`).hasSdp).toBe(hasSdp)
    })

    it('holds no SDP if there is none', () => {
      expect(summaryOf(sip(REQUEST, 'Content-Type: application/sdp')).hasSdp).toBeUndefined()
    })
  })

  describe('hostile input', () => {
    it('takes a header of 64 kB', () => {
      const long = 'x'.repeat(0x10000)
      expect(fromHeader(`Call-ID: ${long}`, 'f: <sip:a@h>')).toEqual({ callId: long, fromUser: 'a', fromHost: 'h' })
      expect(fromHeader(`X: ${long}`, 'i: c')).toEqual({ callId: 'c' })
      expect(fromHeader(`f: "${long}" <sip:${long}@h>;${long};tag=1`)).toEqual({
        fromUser: long,
        fromHost: 'h',
        fromTag: '1',
      })
    })

    it('takes thousands of folds in linear time', () => {
      const folds = Array<string>(20_000).fill(' x')
      expect(fromHeader('Call-ID: c', ...folds).callId?.length).toBe(1 + 20_000 * 4)
      expect(fromHeader('f: <sip:a@h>', ...folds, ' ;tag=1').fromTag).toBe('1')
    })

    it('takes NULs', () => {
      expect(fromHeader('Call-ID: a\0b', '\0: x', 'From: "\0" <sip:a\0@h\0>;tag=\0')).toEqual({
        callId: 'a\0b',
        fromUser: 'a\0',
        fromHost: 'h\0',
        fromTag: '\0',
      })
    })

    it('takes bytes that are not UTF-8', () => {
      const bytes = bytesOf(sip(REQUEST, 'Call-ID: ?c'))
      bytes[bytes.indexOf(0x3f)] = 0xff
      expect(summaryOf(bytes)).toMatchObject({ callId: '\ufffdc' })
    })

    it.each([
      { name: 'more of a header', message: 'x\r\nServer', after: ': x\r\n' },
      { name: 'more of a name', message: 'x\r\nCall-I', after: 'D: x\r\n' },
      { name: 'more of a value', message: 'x\r\nCall-ID: c', after: 'd\r\nf: <sip:a@h>\r\n' },
      { name: 'more of a quote', message: 'x\r\nf: "a', after: '" <sip:b@h>;tag=1\r\n' },
      { name: 'a quote behind a backslash', message: 'x\r\nf: "a\\', after: '\n" <sip:b@h>;tag=1\r\n' },
      { name: 'more of a URI', message: 'x\r\nf: <sip:', after: 'b@h>;tag=1\r\n' },
      { name: 'more of a scheme', message: 'x\r\nf: <si', after: 'p:b@h>;tag=1\r\n' },
      { name: 'more of an IPv6 address', message: 'x\r\nf: <sip:a@[', after: '::1]>;tag=1\r\n' },
      { name: 'more of a parameter', message: 'x\r\nf: <sip:a@h>;ta', after: 'g=1\r\n' },
      { name: 'more of a tag', message: 'x\r\nf: <sip:a@h>;tag=', after: '1\r\n' },
      { name: 'more of a start line', message: 'INVITE sip:a@h SIP', after: '/2.0\r\n' },
      { name: 'a line end', message: 'x\r\nCall-ID: c\r', after: '\n d\r\n' },
      { name: 'a fold', message: 'x\r\nCall-ID: c\r\n', after: ' d\r\n' },
      { name: 'a fold behind another', message: 'x\r\ni: c\r\n d', after: '\r\n e\r\n f' },
      { name: 'the end of an empty line', message: 'x\r\ni: c\r\n\r', after: '\nbody' },
    ])('does not look at what follows: $name', ({ message, after }) => {
      expect(summaryIn('', message, after)).toEqual(summaryOf(message))
      expect(summaryIn(': "<sip:', message, `\n${after}${' '.repeat(32)}`)).toEqual(summaryOf(message))
      expect(summaryIn('\r\nf: <', message, after + 'x'.repeat(2000))).toEqual(summaryOf(message))
    })
  })
})

/** A message of known parts, written in every way that RFC 3261 allows. */
const wording = fc.record({
  end: fc.constantFrom('\r\n', '\n'),
  cases: fc.array(fc.boolean(), { minLength: 8, maxLength: 8 }),
  isCompact: fc.boolean(),
  blanks: fc.array(fc.constantFrom('', ' ', '\t', ' \t ', '\r\n ', '\n\t', ' \r\n  '), {
    minLength: 12,
    maxLength: 12,
  }),
  filler: fc.array(fc.constantFrom('Max-Forwards: 70', 'X-To: <sip:x@y>;tag=0', 'Subject: a;tag=0', 'Fromage: 1'), {
    maxLength: 3,
  }),
})
const word = fc.stringMatching(/^[a-zA-Z0-9.!%*_+`'~-]{1,20}$/)
const parts = fc.record({
  display: fc.constantFrom('', 'Alice', '"Alice <sip:x@y>;tag=0"', '"a \\" b"', 'A B'),
  user: word,
  host: fc.oneof(
    fc.domain(),
    fc.ipV4(),
    fc.ipV6().map((ip) => `[${ip}]`),
  ),
  port: fc.option(fc.nat(65535), { nil: undefined }),
  tag: fc.option(word, { nil: undefined }),
  branch: word,
  callId: word,
  number: fc.integer({ min: 1, max: 2 ** 31 - 1 }),
  method: fc.constantFrom('INVITE', 'ACK', 'BYE', 'REGISTER', 'SUBSCRIBE', 'FOO'),
})

describe('summarizeSip, for any message', () => {
  it('finds what is there, however it is written', () => {
    fc.assert(
      fc.property(parts, wording, (p, w) => {
        let blank = 0
        const lws = () => w.blanks[blank++ % w.blanks.length] ?? ''
        const name = (long: string, compact: string, i: number) => {
          const text = w.isCompact ? compact : long
          return w.cases[i] === true ? text.toUpperCase() : text.toLowerCase()
        }
        const host = p.port === undefined ? p.host : `${p.host}:${p.port}`
        const uri = `<sip:${p.user}@${host};lr>`
        const tag = p.tag === undefined ? '' : `${lws()};${lws()}tag${lws()}=${lws()}${p.tag}`
        const lines = [
          `${p.method} sip:${p.user}@${host} SIP/2.0`,
          `${name('Via', 'v', 0)}:${lws()} SIP/2.0/UDP ${host}${lws()};rport;branch=${p.branch}`,
          ...w.filler,
          `${name('From', 'f', 1)}:${lws()}${p.display} ${lws()}${uri}${tag}`,
          `${name('To', 't', 2)}:${lws()}${uri}`,
          `${name('Call-ID', 'i', 3)}:${lws()} ${p.callId}${lws().trimEnd()}`,
          `${name('CSeq', 'CSeq', 4)}:${lws()}${p.number} ${lws()}${p.method}`,
        ]
        const message = `${lines.join(w.end)}${w.end}${w.end}`
        const { cseq, ...summary } = summaryOf(message)
        expect(unfold(cseq ?? '').replace(/[ \t]+/g, ' ')).toBe(`${p.number} ${p.method}`)
        expect(summary).toEqual(
          present({
            isSip: true,
            method: p.method,
            ruriUser: p.user,
            branch: p.branch,
            fromUser: p.user,
            fromHost: p.host,
            fromTag: p.tag,
            toUser: p.user,
            toHost: p.host,
            callId: p.callId,
            number: p.number,
          }),
        )
      }),
      { numRuns: 500 },
    )
  })

  const ODD = ['\r', '\n', ':', ';', '<', '>', '@', '"', '\\', ',', '=', ' ', '\t', '[', ']']
  const piece = fc.oneof(
    { weight: 6, arbitrary: fc.constantFrom(...ODD, '\r\n', '\r\n\r\n', '\r\n ') },
    {
      weight: 6,
      arbitrary: fc.constantFrom(
        'INVITE ',
        'SIP/2.0',
        ' 200',
        'From:',
        'To',
        'Via',
        'f',
        't:',
        'v',
        'i:',
        'Call-ID',
        'CSeq:',
        '1 BYE',
      ),
    },
    {
      weight: 3,
      arbitrary: fc.constantFrom(
        'sip:',
        'sips:',
        'tel:',
        'a@h',
        ';tag=',
        ';branch=',
        'User-Agent: ',
        'X-CID',
        'c: application/sdp',
      ),
    },
    { weight: 1, arbitrary: fc.string({ unit: 'binary', maxLength: 4 }) },
  )
  const broken = fc.array(piece, { maxLength: 40 }).map((pieces) => pieces.join(''))

  it('stays inside of it and does not depend on what is around it', () => {
    fc.assert(
      fc.property(broken, broken, broken, (before, message, after) => {
        const alone = summaryOf(message)
        expect(summaryIn(before, message, after)).toEqual(alone)
        expect(summaryIn(before, message, `\n${after}${' '.repeat(32)}`)).toEqual(alone)
      }),
      { numRuns: 2000 },
    )
  })

  it('never throws on bytes', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), (bytes) => {
        summaryOf(bytes)
      }),
    )
  })
})

describe('unfold', () => {
  it.each([
    { text: 'a\r\n b', expected: 'a b' },
    { text: 'a\n\tb', expected: 'a b' },
    { text: 'a  \r\n   b', expected: 'a b' },
    { text: 'a\r\n \r\n b', expected: 'a b' },
    { text: 'a', expected: 'a' },
    { text: 'a  b', expected: 'a  b' },
  ])('joins $text', ({ text, expected }) => {
    expect(unfold(text)).toBe(expected)
  })

  it('takes blanks without end in linear time', () => {
    expect(unfold(`a${' '.repeat(60_000)}b\r\n c`)).toBe(`a${' '.repeat(60_000)}b c`)
  })
})

function present<T extends object>(members: T): Partial<T> {
  return Object.fromEntries(Object.entries(members).filter(([, value]) => value !== undefined)) as Partial<T>
}
