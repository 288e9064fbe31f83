import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { maskMessage } from '../../../src/app/privacy/mask-message.ts'
import { maskerOf } from '../../../src/app/privacy/masker.ts'

const KEY = '0123456789abcdeffedcba9876543210'

interface Parties {
  readonly caller: string
  readonly callee: string
  readonly name: string
  readonly domain: string
  readonly v4: string
  readonly v6: string
  readonly secret: string
}

const number = fc.stringMatching(/^\+?[1-9]\d{5,13}$/)
const v4 = fc.tuple(...[1, 2, 3, 4].map(() => fc.integer({ min: 1, max: 223 }))).map((bytes) => bytes.join('.'))
const v6 = fc
  .array(fc.integer({ min: 0x1000, max: 0xffff }), { minLength: 4, maxLength: 4 })
  .map((groups) => `2001:db8::${groups.map((group) => group.toString(16)).join(':')}`)
const parties: fc.Arbitrary<Parties> = fc.record({
  caller: number,
  callee: fc.oneof(number, fc.stringMatching(/^[a-z]{4,9}\.[a-z]{4,9}$/)),
  name: fc.stringMatching(/^[A-Z][a-z]{5,9} [A-Z][a-z]{5,9}$/),
  domain: fc.stringMatching(/^[a-z]{5,9}\.[a-z]{6,9}\.example$/),
  v4,
  v6,
  secret: fc.stringMatching(/^[a-z]{12,20}$/),
})

function invite({ caller, callee, name, domain, v4: ip, v6: ip6, secret }: Parties): string {
  const sdp = [
    'v=0',
    `o=${caller} 1 1 IN IP4 ${ip}`,
    `s=${secret}`,
    `c=IN IP6 ${ip6}`,
    't=0 0',
    'm=audio 4000 RTP/AVP 8',
    `a=candidate:1 1 UDP 2130706431 ${ip} 4000 typ host`,
    `a=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:${secret}`,
    `a=rtcp:4001 IN IP4 ${domain}`,
    '',
  ].join('\r\n')
  return [
    `INVITE sip:${callee};npdi@${domain}:5080;user=phone SIP/2.0`,
    `Via: SIP/2.0/UDP ${ip}:5060;branch=z9hG4bK-${ip}-1;received=${ip},SIP / 2.0 / TCP [${ip6}]:5061;maddr=${domain}`,
    `f: "${name}" <sip:${caller}@${domain};user=phone>;tag=1-${caller}`,
    `To: ${name} <sips:${callee}@[${ip6}]>`,
    `Call-ID: ${caller}-1@${ip}`,
    'CSeq: 100 INVITE',
    `Contact: <sip:${caller}@${ip}:5060;transport=tcp;ob?Subject=${secret}>,\r\n <tel:${caller};phone-context=${domain}>`,
    `P-Asserted-Identity: <tel:${caller}>, "${name}" <sip:${caller}@${domain}>`,
    `Authorization: Digest username="${caller}", realm="${domain}", uri="sip:${callee}@${domain}", response="${secret}"`,
    `X-Customer: ${secret} ${name} ${caller}`,
    `Reason: Q.850;cause=16;text="${callee} at ${domain} gone"`,
    `Warning: 399 ${domain} "no route to ${ip6}"`,
    `Subject: ${secret}`,
    `not a header with ${caller}`,
    'Content-Type: application/sdp',
    `Content-Length: ${sdp.length}`,
    '',
    sdp,
  ].join('\r\n')
}

function answer({ caller, callee, domain, v4: ip, v6: ip6, secret }: Parties): string {
  return [
    `SIP/2.0 404 ${callee} unknown at ${ip6}`,
    `v: SIP/2.0/UDP ${domain};received=${ip}`,
    `From: sip:${caller}@${domain};tag=a`,
    `t: <sip:${callee}@${domain}>;tag=b`,
    `i: ${secret}@${domain}`,
    'CSeq: 100 MESSAGE',
    'Content-Type: text/plain',
    `Content-Length: ${secret.length}`,
    '',
    secret,
  ].join('\r\n')
}

describe('maskMessage', () => {
  it('leaves no number, name, host, address or secret in a message', () => {
    fc.assert(
      fc.property(parties, (who) => {
        const report = JSON.stringify({ cname: `${who.caller}@${who.domain}`, source: who.v4, ssrc: 1 })
        for (const text of [invite(who), answer(who), report, `log: ${who.caller} from ${who.v4}`]) {
          const masked = maskMessage(text, maskerOf(KEY)).toLowerCase()
          for (const value of Object.values(who) as string[]) expect(masked).not.toContain(value.toLowerCase())
        }
      }),
      { numRuns: 300 },
    )
  })

  it('gives equal values equal pseudonyms, in every message, and other keys other ones', () => {
    fc.assert(
      fc.property(parties, (who) => {
        const masker = maskerOf(KEY)
        const masked = maskMessage(invite(who), masker)
        expect(maskMessage(invite(who), maskerOf(KEY))).toBe(masked)
        expect(masked).toContain(`<sip:${masker.user(who.caller)}@${masker.host(who.domain)};user=phone>`)
        expect(maskMessage(answer(who), masker)).toContain(
          `From: sip:${masker.user(who.caller)}@${masker.host(who.domain)}`,
        )
        expect(masked).toContain(
          `INVITE sip:${masker.user(who.callee)}@${masker.host(who.domain)}:5080;user=phone SIP/2.0`,
        )
        expect(masked).toContain(`c=IN IP6 ${masker.host(who.v6)}`)
        expect(masked).toContain(`Call-ID: ${masker.callId(`${who.caller}-1@${who.v4}`)}`)
        expect(maskMessage(invite(who), maskerOf(KEY.replace('0', '1')))).not.toContain(masker.user(who.caller))
      }),
    )
  })

  it('keeps what a flow is read by', () => {
    const masked = maskMessage(
      invite({
        caller: '+4930123456',
        callee: 'bob.builder',
        name: 'Alice Example',
        domain: 'sip.trunk.example',
        v4: '10.0.0.1',
        v6: '2001:db8::1234:1:2:3',
        secret: 'abcdefghijkl',
      }),
      maskerOf(KEY),
    )
    expect(masked).toContain('CSeq: 100 INVITE\r\n')
    expect(masked).toMatch(/^Via: SIP\/2\.0\/UDP 2\d\d\.\d+\.\d+\.\d+:5060;branch=z9hG4bK-2/m)
    expect(masked).toContain('m=audio 4000 RTP/AVP 8\r\n')
    expect(masked).toContain('Authorization: Digest masked\r\n')
    expect(masked).toMatch(/^To: "u-\w+" <sips:u-\w+@\[100::[\da-f:]+\]>\r$/m)
    const body = masked.slice(masked.indexOf('\r\n\r\n') + 4)
    expect(masked).toContain(`Content-Length: ${body.length}\r\n`)
  })

  it('keeps the address of a hold and numbers of a report', () => {
    const masker = maskerOf(KEY)
    expect(maskMessage('ACK sip:a@b.c SIP/2.0\n\nv=0\nc=IN IP4 0.0.0.0\n', masker)).toContain('c=IN IP4 0.0.0.0')
    expect(maskMessage('{"ssrc":7,"type":"RR"}', masker)).toBe('{"ssrc":7,"type":"RR"}')
  })
})
