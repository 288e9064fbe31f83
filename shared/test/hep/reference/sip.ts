import { expect } from 'vitest'
import { legCorrelation } from '../../../src/hep/correlation.ts'
import { headerValue } from '../../../src/sip/header-value.ts'
import { sip, summaryOf } from '../../sip/summary-text.ts'
import type { Vector } from './vector.ts'

const REQUEST = 'INVITE sip:bob@example.com SIP/2.0'
const ofRequest = { isSip: true, method: 'INVITE', ruriUser: 'bob' }
const bytes = (message: string): Uint8Array => Buffer.from(message)

export const SIP: readonly Vector[] = [
  {
    no: 67,
    name: 'responses without CSeq',
    check: () => {
      expect(summaryOf('SIP/2.0 400 Bad Request\r\n')).toEqual({ isSip: true, statusCode: 400, reason: 'Bad Request' })
      expect(summaryOf('SIP/2.0 500 \r\n')).toEqual({ isSip: true, statusCode: 500 })
    },
  },
  {
    no: 68,
    name: 'compact headers',
    check: () => {
      const message = sip(
        REQUEST,
        'v: SIP/2.0/UDP h;branch=b',
        'f: <sip:a@h>;tag=1',
        't: <sip:c@h>',
        'i: OvwBVivTMK19kN3Ws51_Dv',
        'l: 0',
      )
      expect(summaryOf(message)).toMatchObject({
        branch: 'b',
        fromUser: 'a',
        toUser: 'c',
        callId: 'OvwBVivTMK19kN3Ws51_Dv',
      })
    },
  },
  {
    no: 69,
    name: 'a bare LF between From and Call-ID',
    check: () => {
      const message = sip(REQUEST, 'From: <sip:a@h>;tag=1\nCall-ID: c', 'CSeq: 1 INVITE')
      expect(summaryOf(message)).toMatchObject({ fromTag: '1', callId: 'c', cseq: '1 INVITE' })
    },
  },
  {
    no: 70,
    name: 'no start line, and a body',
    check: () =>
      expect(summaryOf('fake\r\nheader\r\n\r\nbody ...\r\n\r\n')).toEqual({ isSip: false, body: 'body ...\r\n\r\n' }),
  },
  {
    no: 71,
    name: 'blanks in CSeq',
    check: () => {
      const message = sip('REGISTER sip:h SIP/2.0', 'CSeq: 1112423100   REGISTER   ')
      expect(summaryOf(message)).toMatchObject({ method: 'REGISTER', number: 1_112_423_100 })
    },
  },
  {
    no: 72,
    name: 'two P-Asserted-Identity',
    check: () => {
      const message = sip(
        REQUEST,
        'P-Asserted-Identity: <sip:8884441111@1.1.1.1>',
        'P-Asserted-Identity: <tel:+18884442222>',
      )
      expect(headerValue(bytes(message), 'P-Asserted-Identity')).toBe('<sip:8884441111@1.1.1.1>')
    },
  },
  {
    no: 73,
    name: 'a folded line',
    check: () => {
      const message = sip(REQUEST, 'Subject: a', ' b', 'Call-ID: c')
      expect(headerValue(bytes(message), 'subject')).toBe('a b')
      expect(summaryOf(message)).toEqual({ ...ofRequest, callId: 'c' })
    },
  },
  {
    no: 74,
    name: 'LF alone',
    check: () => {
      const message = `${REQUEST}\nFrom: <sip:a@h>;tag=1\nCall-ID: c\nCSeq: 1 INVITE\r\n\r\n`
      expect(summaryOf(message)).toMatchObject({ fromTag: '1', callId: 'c', cseq: '1 INVITE' })
    },
  },
  {
    no: 75,
    name: 'X-CID',
    check: () => {
      const { aLegId, callId } = summaryOf(sip(REQUEST, 'Call-ID: c', 'X-CID: legA'))
      expect([aLegId, callId]).toEqual(['legA', 'c'])
      expect(legCorrelation({ aLegId, callId })).toBe('legA')
      expect(legCorrelation({ aLegId, callId, correlationId: 'chunk' })).toBe('chunk')
      expect(legCorrelation({ aLegId, callId, correlationId: 'chunk' }, true)).toBe('legA')
      expect(legCorrelation({ callId, correlationId: '' })).toBe('c')
    },
  },
  {
    no: 76,
    name: 'two A-leg headers',
    check: () => {
      const message = bytes(sip(REQUEST, 'Call-ID: c', 'X-A: a', 'X-B: b'))
      expect(headerValue(message, 'X-B', 'X-A')).toBe('a')
      expect(headerValue(message, 'X-C')).toBeUndefined()
    },
  },
  {
    no: 77,
    name: 'a start line of garbage',
    check: () => {
      expect(summaryOf('1412@34922@65432@x\r\nCall-ID: c\r\n\r\n')).toEqual({ isSip: false, callId: 'c' })
    },
  },
]
