import { readFileSync } from 'node:fs'
import { CaptureMessages, readMessages } from '@hepscope/shared/pcap/messages.ts'
import { PcapTransport } from '@hepscope/shared/pcap/transport.ts'
import type { Endpoint } from '@hepscope/shared/hep/pack.ts'

export interface TracedMessage {
  readonly sip: Uint8Array
  readonly from: Endpoint
  readonly to: Endpoint
  readonly tsUs: number
}

/**
 * The SIP messages of 20 real calls, and some that are hard on a codec; each with addresses and a time of its own.
 *
 * @param hasIpv6 every fourth is between IPv6 addresses
 */
export function tracedMessages(hasIpv6 = false): TracedMessage[] {
  const capture = readFileSync(new URL('../../../fixtures/sip-20-calls.pcap', import.meta.url))
  const real = [...readMessages(capture, new PcapTransport(), new CaptureMessages())]
    .filter(({ kind }) => kind === 'sip')
    .map(({ bytes }) => bytes)
  return [...real, ...crafted()].map((sip, i) => {
    const isIpv6 = hasIpv6 && i % 4 === 3
    const host = (side: number): string => (isIpv6 ? `2001:db8:${side}::${i + 1}` : `10.${side}.${i >> 8}.${i & 0xff}`)
    return {
      sip,
      from: { ip: host(1), port: 5060 + (i % 7) },
      to: { ip: host(2), port: 6060 + (i % 5) },
      tsUs: 1_700_000_000_000_001 + i * 12_345,
    }
  })
}

function crafted(): Uint8Array[] {
  const head = (name: string, body: Uint8Array): Buffer =>
    Buffer.from(
      `MESSAGE sip:bob@example.com SIP/2.0\r\nv: SIP/2.0/UDP 10.0.0.1;branch=z9hG4bK-${name}\r\nf: "Zoë" <sip:zoe@example.com>;tag=1\r\n` +
        `t: <sip:bob@example.com>\r\ni: ${name}@peer\r\nCSeq: 1 MESSAGE\r\nMax-Forwards: 70\r\nl: ${body.length}\r\n\r\n`,
    )
  const bodies = {
    empty: new Uint8Array(0),
    utf8: Buffer.from('grüße, 世界'),
    notUtf8: Uint8Array.from({ length: 255 }, (_, i) => i + 1),
    long: new Uint8Array(3000).fill(0x78),
  }
  return Object.entries(bodies).map(([name, body]) => Buffer.concat([head(name, body), body]))
}
