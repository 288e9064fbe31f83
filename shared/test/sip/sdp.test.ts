import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { parseSdp, sdpOfMessage } from '../../src/sip/sdp.ts'

const OFFER = `v=0
o=alice 2890844526 2890844526 IN IP4 host.example
s=-
c=IN IP4 192.0.2.1/127
t=0 0
a=recvonly
m=audio 49170 RTP/AVP 0 8 97 101
a=rtpmap:97 opus/48000/2
a=rtpmap:101 telephone-event/8000
a=rtcp:53020
a=sendonly
m=video 51372/2 RTP/SAVPF 31 99
c=IN IP6 2001:db8::1
a=rtcp:53021 IN IP4 192.0.2.9
a=rtcp-mux
a=rtpmap:99 h264/90000
m=application 0 UDP/BFCP *
`

const audio = {
  type: 'audio',
  port: 49170,
  transport: 'RTP/AVP',
  address: '192.0.2.1',
  rtcpPort: 53020,
  hasRtcpMux: false,
  direction: 'sendonly',
  codecs: [
    { payloadType: 0, name: 'PCMU', clockRateHz: 8000 },
    { payloadType: 8, name: 'PCMA', clockRateHz: 8000 },
    { payloadType: 97, name: 'opus', clockRateHz: 48000 },
    { payloadType: 101, name: 'telephone-event', clockRateHz: 8000 },
  ],
}

describe('parseSdp', () => {
  it('reads addresses, ports, RTCP, direction and codecs of each medium', () => {
    const expected = {
      media: [
        audio,
        {
          type: 'video',
          port: 51372,
          transport: 'RTP/SAVPF',
          address: '2001:db8::1',
          rtcpPort: 53021,
          rtcpAddress: '192.0.2.9',
          hasRtcpMux: true,
          direction: 'recvonly',
          codecs: [
            { payloadType: 31, name: 'H261', clockRateHz: 90000 },
            { payloadType: 99, name: 'h264', clockRateHz: 90000 },
          ],
        },
        {
          type: 'application',
          port: 0,
          transport: 'UDP/BFCP',
          address: '192.0.2.1',
          hasRtcpMux: false,
          direction: 'recvonly',
          codecs: [],
        },
      ],
    }
    expect(parseSdp(OFFER)).toEqual(expected)
    expect(parseSdp(OFFER.replaceAll('\n', '\r\n'))).toEqual(expected)
  })

  const bare = { type: 'audio', transport: 'RTP/AVP', hasRtcpMux: false, direction: 'sendrecv' }

  it.each([
    { name: 'no address', sdp: 'm=audio 5004 RTP/AVP 0', media: [{ ...bare, port: 5004, codecs: [audio.codecs[0]] }] },
    {
      name: 'a dynamic type without a map',
      sdp: 'm=audio 5004 RTP/AVP 96',
      media: [{ ...bare, port: 5004, codecs: [{ payloadType: 96 }] }],
    },
    {
      name: 'a map without a clock, and one that is none',
      sdp: 'm=audio 5004 RTP/AVP 96 97\na=rtpmap:96 x\na=rtpmap:y z/8000',
      media: [{ ...bare, port: 5004, codecs: [{ payloadType: 96, name: 'x' }, { payloadType: 97 }] }],
    },
    { name: 'a port that is none', sdp: 'm=audio 99999 RTP/AVP 0', media: [] },
    { name: 'no transport', sdp: 'm=audio 5004', media: [] },
    { name: 'text', sdp: 'hello', media: [] },
  ])('takes $name', ({ sdp, media }) => {
    expect(parseSdp(sdp)).toEqual({ media })
  })

  it('reads a bounded number of media and codecs', () => {
    const many = 'm=audio 5004 RTP/AVP' + ' 0'.repeat(1000) + '\n'
    const { media } = parseSdp(many.repeat(1000))
    expect(media).toHaveLength(32)
    expect(media[0]?.codecs).toHaveLength(64)
  })

  it('never throws', () => {
    fc.assert(
      fc.property(fc.string({ maxLength: 40 }), fc.nat(OFFER.length), (noise, at) => {
        parseSdp(OFFER.slice(0, at) + noise + OFFER.slice(at))
      }),
    )
  })
})

describe('sdpOfMessage', () => {
  const ports = (message: string) => sdpOfMessage(new TextEncoder().encode(message))?.media.map(({ port }) => port)
  const headers = 'INVITE sip:b SIP/2.0\r\nSubject: v=0\r\nv: SIP/2.0/UDP a\r\n\r\n'

  it.each([
    { name: 'a body', message: headers + OFFER, expected: [49170, 51372, 0] },
    { name: 'a body behind LF alone', message: headers.replaceAll('\r', '') + OFFER, expected: [49170, 51372, 0] },
    { name: 'SDP alone', message: OFFER, expected: [49170, 51372, 0] },
    {
      name: 'a part of a multipart body',
      message: `${headers}--b\r\nContent-Type: application/sdp\r\n\r\nv=0\r\nm=audio 7000 RTP/AVP 0\r\n--b\r\n\r\nm=x\r\n--b--`,
      expected: [7000],
    },
    { name: 'a message without a body', message: headers, expected: undefined },
    { name: 'headers without an end', message: 'INVITE sip:b SIP/2.0\r\nv=0\r\n', expected: undefined },
    { name: 'nothing', message: '', expected: undefined },
  ])('finds the description in $name', ({ message, expected }) => {
    expect(ports(message)).toEqual(expected)
  })

  it('never throws', () => {
    fc.assert(fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => void sdpOfMessage(bytes)))
  })
})
