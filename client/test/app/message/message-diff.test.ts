import { describe, expect, it } from 'vitest'
import { changeWords } from '../../../src/app/message/change-words.ts'
import { messageParts } from '../../../src/app/message/headers.ts'
import { type DiffLine, diffMessages } from '../../../src/app/message/message-diff.ts'

const INVITE = [
  'INVITE sip:+4930123@gw.example SIP/2.0',
  'Via: SIP/2.0/UDP 10.0.0.1:5060;branch=z9hG4bK1',
  'Max-Forwards: 70',
  'From: <sip:alice@a.example>;tag=1',
  'To: <sip:+4930123@a.example>',
  'Call-ID: abc@10.0.0.1',
  'CSeq: 1 INVITE',
  'Contact: <sip:alice@10.0.0.1:5060>',
  'Content-Type: application/sdp',
  '',
  'v=0',
  'c=IN IP4 10.0.0.1',
  'm=audio 4000 RTP/AVP 8 0',
  'a=sendrecv',
  '',
].join('\r\n')

/** The same behind a proxy that adds itself. */
const FORWARDED = INVITE.replace('Via: ', 'v: SIP/2.0/UDP 10.0.0.9;branch=z9hG4bK2\r\nVia: ')
  .replace('Max-Forwards: 70', 'Max-Forwards: 69')
  .replace('INVITE sip:+4930123@gw.example', 'INVITE sip:+4930123@10.9.9.9')

const textOf = (pieces: DiffLine['left']): string => pieces.map(({ text }) => text).join('')
const changes = (lines: readonly DiffLine[]): readonly string[] =>
  lines
    .filter(({ kind }) => kind !== 'same')
    .map(({ kind, left, right }) => `${kind} ${textOf(left)} | ${textOf(right)}`)

describe('messageParts', () => {
  it('knows compact names and folded lines', () => {
    expect(messageParts('SIP/2.0 200 OK\ni: a\nSubject: one\n two\ncseq: 1 BYE\nx-odd-name: z\n\nbody')).toEqual({
      startLine: 'SIP/2.0 200 OK',
      headers: [
        { name: 'Call-ID', value: 'a' },
        { name: 'Subject', value: 'one two' },
        { name: 'CSeq', value: '1 BYE' },
        { name: 'X-Odd-Name', value: 'z' },
      ],
      body: 'body',
    })
  })

  it('takes any text', () => {
    expect(messageParts('')).toEqual({ startLine: '', headers: [], body: '' })
    expect(messageParts(' \n\tfold\nno colon').headers).toEqual([
      { name: '', value: '\tfold' },
      { name: '', value: 'no colon' },
    ])
  })
})

describe('diffMessages', () => {
  it('finds nothing between a message and itself in other order and spelling', () => {
    const other = INVITE.replace('Max-Forwards: 70\r\n', '').replace('To: ', 'Max-Forwards:   70\r\nt: ')
    expect(changes(diffMessages(INVITE, other))).toEqual([])
  })

  it('sees a pushed Via as one added line', () => {
    expect(changes(diffMessages(INVITE, FORWARDED))).toEqual([
      'changed INVITE sip:+4930123@gw.example SIP/2.0 | INVITE sip:+4930123@10.9.9.9 SIP/2.0',
      'right  | Via: SIP/2.0/UDP 10.0.0.9;branch=z9hG4bK2',
      'changed Max-Forwards: 70 | Max-Forwards: 69',
    ])
  })

  it('marks the words that differ, on each side', () => {
    const line = diffMessages(INVITE, INVITE.replace('alice@a.example', 'bob@a.example')).find(
      ({ kind }) => kind === 'changed',
    )
    expect(line?.left.filter(({ isOther }) => isOther).map(({ text }) => text)).toEqual(['alice'])
    expect(line?.right.filter(({ isOther }) => isOther).map(({ text }) => text)).toEqual(['bob'])
  })

  it('compares bodies line by line, and keeps both sides whole', () => {
    const held = INVITE.replace('a=sendrecv', 'a=sendonly').replace('RTP/AVP 8 0', 'RTP/AVP 8')
    const lines = diffMessages(INVITE, held)
    expect(changes(lines)).toEqual([
      'changed m=audio 4000 RTP/AVP 8 0 | m=audio 4000 RTP/AVP 8',
      'changed a=sendrecv | a=sendonly',
    ])
    expect(lines.map(({ left }) => textOf(left)).join('\n')).toContain('v=0\nc=IN IP4 10.0.0.1')
  })

  it('shows a body that only one side has', () => {
    expect(changes(diffMessages('A b SIP/2.0\n\n', 'A b SIP/2.0\n\nx\ny\n'))).toEqual(['right  | x', 'right  | y'])
  })
})

describe('changeWords', () => {
  it('says what a proxy did', () => {
    expect(changeWords(INVITE, FORWARDED)).toEqual([
      'Request-URI retargeted: gw.example became 10.9.9.9',
      'Via added: 10.0.0.9',
      'Max-Forwards 70 → 69',
    ])
  })

  it('says what a back-to-back agent did', () => {
    const other = INVITE.replace('abc@10.0.0.1', 'xyz@b2b')
      .replace('Max-Forwards: 70', 'Max-Forwards: 71')
      .replaceAll('+4930123', '004930123')
      .replace('alice@10.0.0.1:5060', 'b2b@10.0.0.5')
      .replace('10.0.0.1:5060;branch', '10.0.0.5;branch')
      .replace('c=IN IP4 10.0.0.1', 'c=IN IP4 10.0.0.6')
      .replace('RTP/AVP 8 0', 'RTP/AVP 8')
    expect(changeWords(INVITE, other)).toEqual([
      'Request-URI rewritten: number +4930123 became 004930123',
      'To: number +4930123 became 004930123',
      'Another Call-ID: the two are of different legs',
      'Via replaced: 10.0.0.1:5060 became 10.0.0.5',
      'Max-Forwards 70 → 71: it begins anew, as at a back-to-back agent',
      'Contact: 10.0.0.1:5060 became 10.0.0.5, the topology is hidden',
      'SDP: audio goes to 10.0.0.6:4000 instead of 10.0.0.1:4000',
      'SDP: audio codecs PCMA, PCMU became PCMA',
    ])
  })

  it('says that media was put on hold or refused', () => {
    expect(changeWords(INVITE, INVITE.replace('sendrecv', 'sendonly'))).toEqual(['SDP: audio sendrecv became sendonly'])
    expect(changeWords(INVITE, INVITE.replace('audio 4000', 'audio 0'))).toEqual([
      'SDP: audio refused or ended (port 0)',
    ])
  })

  it('has nothing to say of equal or hostile messages', () => {
    expect(changeWords(INVITE, INVITE)).toEqual([])
    expect(changeWords('\u0000<<<>', '>>>@;;')).toEqual([])
  })
})
