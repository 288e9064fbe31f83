import { execFileSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { CaptureMessages, readMessages } from '@hepscope/shared/pcap/messages.ts'
import { PcapTransport } from '@hepscope/shared/pcap/transport.ts'
import { type PcapMessage, type PcapOptions, writePcap } from '@hepscope/shared/pcap/write.ts'
import { expect, it } from 'vitest'
import { tracedMessages } from './messages.ts'
import { describePeer } from './peer-process.ts'
import { MESSAGE_FIELDS, tsharkArgs, tsharkRows } from './tshark-fields.ts'

const FIELDS = [
  ...MESSAGE_FIELDS,
  'sip.CSeq',
  'ip.checksum.status',
  'udp.checksum.status',
  'tcp.checksum.status',
] as const

/** Real SIP, every second pair of hosts by TCP, every fourth message between IPv6 addresses. */
function messages(): PcapMessage[] {
  return tracedMessages(true).map(({ sip, from, to, tsUs }, i) => ({
    tsUs,
    ipProtocol: i % 8 < 4 ? 17 : 6,
    srcIp: from.ip,
    dstIp: to.ip,
    // tshark takes the others, of TCP, for X11.
    srcPort: i % 8 < 4 ? from.port : 5060,
    dstPort: to.port,
    bytes: sip,
  }))
}

function tshark(file: Uint8Array, filter: string, fields: readonly string[]): string[][] {
  const folder = mkdtempSync(join(tmpdir(), 'hepscope-tshark-'))
  try {
    const path = join(folder, 'out.pcap')
    writeFileSync(path, file)
    const args = tsharkArgs(path, filter, fields)
    const text = execFileSync('tshark', args, { maxBuffer: 1 << 26, stdio: ['ignore', 'pipe', 'ignore'] }).toString()
    return tsharkRows(text)
  } finally {
    rmSync(folder, { recursive: true })
  }
}

function header(sip: Uint8Array, names: string): string {
  const value = new RegExp(`^(?:${names})[ \\t]*:[ \\t]*(.*?)[ \\t]*\\r?$`, 'im').exec(Buffer.from(sip).toString())?.[1]
  if (value === undefined) throw new Error(`no ${names}`)
  return value
}

const FORMS: readonly PcapOptions[] = [{}, { link: 'ethernet', times: 'nanoseconds' }]

describePeer('tshark', 'tshark, reading an exported capture', () => {
  it.each(FORMS)('finds every message with its addresses and time: %o', (form) => {
    const all = messages()
    const found = tshark(writePcap(all, form), 'sip', FIELDS)
    const good = '1'
    const expected = all.map(({ tsUs, ipProtocol, srcIp, dstIp, srcPort, dstPort, bytes }) => {
      const isIpv6 = srcIp.includes(':')
      const isTcp = ipProtocol === 6
      const [src, dst] = [String(srcPort), String(dstPort)]
      return [
        `${Math.floor(tsUs / 1_000_000)}.${String(tsUs % 1_000_000).padStart(6, '0')}000`,
        ...(isIpv6 ? ['', '', srcIp, dstIp] : [srcIp, dstIp, '', '']),
        ...(isTcp ? ['', '', src, dst] : [src, dst, '', '']),
        header(bytes, 'Call-ID|i'),
        header(bytes, 'CSeq'),
        isIpv6 ? '' : good,
        isTcp ? '' : good,
        isTcp ? good : '',
      ]
    })
    expect(found).toEqual(expected)
  })

  it('has nothing to complain about TCP: one connection, both ways, a message larger than a segment', () => {
    const capture = messages().slice(0, 40)
    const all = capture.map((message, i): PcapMessage => {
      const [src, dst] = i % 2 === 0 ? ['1', '2'] : ['2', '1']
      return { ...message, ipProtocol: 6, srcIp: `10.0.0.${src}`, dstIp: `10.0.0.${dst}`, srcPort: 5060, dstPort: 5060 }
    })
    const big = Buffer.from(
      `MESSAGE sip:b@b SIP/2.0\r\nVia: SIP/2.0/TCP a;branch=z9hG4bK1\r\nCall-ID: big\r\nCSeq: 1 MESSAGE\r\n` +
        `Content-Length: 65400\r\n\r\n${'x'.repeat(65_400)}`,
    )
    const last = all.at(-1)
    if (last === undefined) throw new Error('no messages')
    all.push({ ...last, bytes: big, tsUs: last.tsUs + 1 })
    const file = writePcap(all)
    expect(tshark(file, 'tcp.analysis.flags', ['frame.number', '_ws.col.Info'])).toEqual([])
    expect(tshark(file, 'sip', ['sip.Call-ID']).flat()).toEqual(all.map(({ bytes }) => header(bytes, 'Call-ID|i')))
  })

  it('is read back by our own reader, byte for byte', () => {
    const all = messages()
    const found = [...readMessages(writePcap(all), new PcapTransport(), new CaptureMessages())]
    const texts = (list: readonly { readonly bytes: Uint8Array; readonly tsUs: number | undefined }[]): string[] =>
      list.map(({ bytes, tsUs }) => `${tsUs} ${Buffer.from(bytes).toString('latin1')}`).sort()
    expect(texts(found)).toEqual(texts(all))
  })
})
