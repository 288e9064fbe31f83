import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { sippScenario } from '@hepscope/shared/export/sipp.ts'
import { CaptureMessages, readMessages } from '@hepscope/shared/pcap/messages.ts'
import { PcapTransport } from '@hepscope/shared/pcap/transport.ts'
import type { PcapMessage } from '@hepscope/shared/pcap/write.ts'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { describePeer, freeUdpPort, isListening, Peer } from './peer-process.ts'

const CALLER = '192.0.2.1'
const CALLEE = '192.0.2.2'

/** One message of a call from CALLER to CALLEE. */
function sip(isOurs: boolean, ms: number, startLine: string, cseq: string, ...more: string[]): PcapMessage {
  const [headers, body = ''] = [
    more.filter((line) => !line.includes('\r\n')),
    more.find((line) => line.includes('\r\n')),
  ]
  const text = [
    startLine,
    `Via: SIP/2.0/UDP ${CALLER}:5060;branch=z9hG4bK-${cseq.replace(' ', '')}`,
    'From: "Alice [1]" <sip:alice@a.example>;tag=f',
    `To: <sip:bob@b.example>${startLine.startsWith('INVITE') ? '' : ';tag=t'}`,
    'Call-ID: call-1@a.example',
    `CSeq: ${cseq}`,
    'Contact: <sip:alice@192.0.2.1>',
    ...headers,
    `Content-Length: ${body.length}`,
    '',
    body,
  ].join('\r\n')
  const [srcIp, dstIp] = isOurs ? [CALLER, CALLEE] : [CALLEE, CALLER]
  const bytes = new TextEncoder().encode(text)
  return { tsUs: 1_700_000_000_000_000 + ms * 1000, ipProtocol: 17, srcIp, dstIp, srcPort: 5060, dstPort: 5060, bytes }
}

const SDP =
  'v=0\r\no=a 1 1 IN IP4 192.0.2.1\r\ns=-\r\nc=IN IP4 192.0.2.1\r\nt=0 0\r\nm=audio 4000 RTP/AVP 0\r\na=rtcp:4001\r\n'
const INVITE = 'INVITE sip:bob@b.example SIP/2.0'

/** The other side, as SIPp plays it. */
const refusal = (answers: string): string => `<?xml version="1.0"?><scenario name="refusal">${answers}</scenario>`
const answer = (line: string, extra = ''): string =>
  `<send><![CDATA[
SIP/2.0 ${line}
[last_Via:]
[last_From:]
[last_To:];tag=[call_number]
[last_Call-ID:]
[last_CSeq:]
${extra}Content-Length: 0

]]></send>`

describePeer('sipp', 'sipp, playing an exported call', () => {
  let folder: string
  let peer: Peer | undefined
  let port: number

  beforeEach(async () => {
    folder = mkdtempSync(join(tmpdir(), 'hepscope-sipp-'))
    port = await freeUdpPort()
  })
  afterEach(async () => {
    await peer?.stop('SIGKILL')
    rmSync(folder, { recursive: true })
  })

  async function serve(...scenario: string[]): Promise<void> {
    peer = new Peer('sipp', [...scenario, '-i', '127.0.0.1', '-p', String(port), '-nostdin'])
    await peer.until('listening', () => isListening('udp', port))
  }

  /** @returns exit code of SIPp: 0 if the call went as in the scenario */
  async function play(messages: readonly PcapMessage[], ...options: string[]): Promise<{ code: number; said: string }> {
    const scenario = sippScenario(messages)
    if (!scenario.ok) throw new Error(scenario.reason)
    const path = join(folder, 'call.xml')
    writeFileSync(path, scenario.xml)
    const own = await freeUdpPort()
    const args = ['-sf', path, '-m', '1', '-i', '127.0.0.1', '-p', String(own), '-nostdin', '-timeout', '8', ...options]
    const child = spawn('sipp', [...args, `127.0.0.1:${port}`], { cwd: folder, stdio: ['ignore', 'ignore', 'pipe'] })
    const said: Buffer[] = []
    child.stderr.on('data', (bytes: Buffer) => said.push(bytes))
    const [code] = (await once(child, 'exit')) as [number]
    return { code, said: `${Buffer.concat(said).toString()}\n${scenario.xml}` }
  }

  it('makes the calls of a real capture', async () => {
    await serve('-sn', 'uas')
    const capture = readFileSync(new URL('../../../fixtures/sip-20-calls.pcap', import.meta.url))
    const calls = new Map<string, PcapMessage[]>()
    for (const message of readMessages(capture, new PcapTransport(), new CaptureMessages())) {
      const callId = /^Call-ID: *(.*?)\r$/im.exec(Buffer.from(message.bytes).toString())?.[1] ?? ''
      calls.set(callId, [...(calls.get(callId) ?? []), { ...message, tsUs: message.tsUs ?? 0 }])
    }
    expect(calls.size).toBe(20)
    for (const messages of [...calls.values()].slice(0, 2)) {
      const { code, said } = await play(messages)
      expect(code, said).toBe(0)
    }
  }, 40_000)

  it('sends what it was told, in its own name', async () => {
    await serve('-sn', 'uas')
    const { code, said } = await play([
      sip(true, 0, INVITE, '1 INVITE', 'X-Odd: [call_id] \\r ]]>', 'Content-Type: application/sdp', SDP),
      sip(true, 500, INVITE, '1 INVITE', 'Content-Type: application/sdp', SDP),
      sip(false, 510, 'SIP/2.0 180 Ringing', '1 INVITE'),
      sip(false, 520, 'SIP/2.0 200 OK', '1 INVITE'),
      sip(true, 530, 'ACK sip:bob@b.example SIP/2.0', '1 ACK'),
      sip(true, 800, 'BYE sip:bob@b.example SIP/2.0', '2 BYE'),
      sip(false, 810, 'SIP/2.0 200 OK', '2 BYE'),
    ])
    expect(code, said).toBe(0)
    expect(said).toContain('<pause milliseconds="270"/>')
    expect(said.match(/<send/g)).toHaveLength(3)
  }, 30_000)

  it('acknowledges a refusal in the transaction that was refused', async () => {
    const path = join(folder, 'busy.xml')
    // SIPp knows the ACK by the branch of the INVITE.
    writeFileSync(path, refusal(`<recv request="INVITE"/>${answer('486 Busy Here')}<recv request="ACK"/>`))
    await serve('-sf', path, '-m', '1')
    const { code, said } = await play([
      sip(true, 0, INVITE, '1 INVITE'),
      sip(false, 5, 'SIP/2.0 100 Trying', '1 INVITE'),
      sip(false, 10, 'SIP/2.0 486 Busy Here', '1 INVITE'),
      sip(true, 11, 'ACK sip:bob@b.example SIP/2.0', '1 ACK'),
    ])
    expect(code, said).toBe(0)
    expect(said).toContain('branch=[branch-5]')
  }, 30_000)

  it('answers a challenge with the credentials that SIPp is given, and cancels', async () => {
    const challenge = 'WWW-Authenticate: Digest realm="a", nonce="b", algorithm=MD5\n'
    const path = join(folder, 'challenge.xml')
    writeFileSync(
      path,
      refusal(
        `<recv request="INVITE"/>${answer('401 Unauthorized', challenge)}<recv request="ACK"/>` +
          `<recv request="INVITE"><action><ereg regexp="response=" search_in="hdr" header="Authorization:" check_it="true" assign_to="1"/>` +
          `<log message="[$1]"/></action></recv>${answer('180 Ringing')}<recv request="CANCEL"/>${answer('200 OK')}`,
      ),
    )
    await serve('-sf', path, '-m', '1')
    const { code, said } = await play(
      [
        sip(true, 0, INVITE, '1 INVITE'),
        sip(false, 10, 'SIP/2.0 401 Unauthorized', '1 INVITE'),
        sip(true, 11, 'ACK sip:bob@b.example SIP/2.0', '1 ACK'),
        sip(true, 12, INVITE, '2 INVITE', 'Authorization: Digest username="secret"'),
        sip(false, 20, 'SIP/2.0 180 Ringing', '2 INVITE'),
        sip(true, 500, 'CANCEL sip:bob@b.example SIP/2.0', '2 CANCEL'),
        sip(false, 510, 'SIP/2.0 200 OK', '2 CANCEL'),
      ],
      '-au',
      'alice',
      '-ap',
      'x',
    )
    expect(code, said).toBe(0)
    expect(said).not.toContain('secret')
  }, 30_000)

  it('needs a request to begin with', () => {
    expect(sippScenario([sip(false, 0, 'SIP/2.0 200 OK', '1 INVITE')])).toEqual({ ok: false, reason: 'no-request' })
    expect(sippScenario([])).toEqual({ ok: false, reason: 'no-request' })
  })
})
