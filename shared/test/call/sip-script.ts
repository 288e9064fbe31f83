import type { EventBlock } from '../../src/event/block.ts'
import { BlockWriter } from '../../src/event/writer.ts'
import type { Call } from '../../src/call/call.ts'
import { CallTracker } from '../../src/call/tracker.ts'
import { encodeHep } from '../../src/hep/encode.ts'
import type { HepPacket } from '../../src/hep/packet.ts'

export const START_US = 1_700_000_000_000_000

const utf8 = new TextEncoder()

/**
 * Packets from lines such as `20 a>p INVITE 1 b1` (request) and `30 p>a 180 INVITE 1 b1` (answer): milliseconds,
 * endpoints, method or code and method, CSeq, branch, then `key=value`: `call` Call-ID, `from` and `to` tag
 * (`to=-` for none), `agent`, `name` of the agent, `corr` HEP correlation id, `xcid`, `user` of From, `expires`, `sdp`.
 * Lines such as `40 a>b proto=5 corr=x {"json":1}` are not SIP. Empty lines and those with `#` count for nothing.
 */
export function packetsOf(script: string): HepPacket[] {
  return script
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '' && !line.startsWith('#'))
    .map(packetOf)
}

function packetOf(line: string): HepPacket {
  const words = line.split(/\s+/)
  const [ms = '0', way = 'a>b', ...rest] = words
  const options = new Map(
    rest.flatMap((word) =>
      /^\w+=/.test(word) ? [[word.slice(0, word.indexOf('=')), word.slice(word.indexOf('=') + 1)]] : [],
    ),
  )
  const plain = rest.filter((word) => !/^\w+=/.test(word))
  const [source = 'a', destination = 'b'] = way.split('>')
  const proto = Number(options.get('proto') ?? 1)
  const payload = proto === 1 ? sipOf(plain, options) : plain.join(' ')
  return {
    version: 3,
    ipProtocol: 17,
    srcIp: endpoint(source).ip,
    srcPort: endpoint(source).port,
    dstIp: endpoint(destination).ip,
    dstPort: endpoint(destination).port,
    tsUs: START_US + Math.round(Number(ms) * 1000),
    protocolType: proto,
    agentId: Number(options.get('agent') ?? 1),
    ...(options.has('name') ? { agentName: options.get('name') ?? '' } : {}),
    ...(options.has('corr') ? { correlationId: options.get('corr') ?? '' } : {}),
    ...(payload === '' ? {} : { payload: utf8.encode(payload) }),
  }
}

/** `a` is 10.0.0.1:5060, `b` 10.0.0.2:5060 and so on; `a:5070` has another port. */
function endpoint(name: string): { readonly ip: string; readonly port: number } {
  const [letter = 'a', port = '5060'] = name.split(':')
  return { ip: `10.0.0.${letter.charCodeAt(0) - 96}`, port: Number(port) }
}

function sipOf(words: string[], options: Map<string, string>): string {
  const code = /^\d{3}$/.test(words[0] ?? '') ? Number(words.shift()) : 0
  const [method = 'INVITE', cseq = '1', branch = 'b1'] = words
  const to = options.get('to') ?? (code > 100 ? 'y' : '-')
  const user = options.get('user') ?? 'alice'
  const lines = [
    code === 0 ? `${method} sip:bob@example.com SIP/2.0` : `SIP/2.0 ${code} ${REASONS[code] ?? 'Reason'}`,
    `Via: SIP/2.0/UDP 10.0.0.1;branch=z9hG4bK${branch}`,
    `From: <sip:${user}@a.example>;tag=${options.get('from') ?? 'x'}`,
    `To: <sip:bob@b.example>${to === '-' ? '' : `;tag=${to}`}`,
    `Call-ID: ${options.get('call') ?? 'call-1'}`,
    `CSeq: ${cseq} ${method}`,
  ]
  if (options.has('xcid')) lines.push(`X-CID: ${options.get('xcid') ?? ''}`)
  if (options.has('expires')) lines.push(`Expires: ${options.get('expires') ?? ''}`)
  if (options.has('ua')) lines.push(`User-Agent: ${options.get('ua') ?? ''}`)
  const sdp = options.has('codecs') ? sdpOf(options) : options.has('sdp') ? 'v=0\r\n' : ''
  if (sdp !== '') lines.push('Content-Type: application/sdp')
  return `${lines.join('\r\n')}\r\n\r\n${sdp}`
}

function sdpOf(options: Map<string, string>): string {
  const codecs = (options.get('codecs') ?? '').split(',').filter((codec) => codec !== '')
  const media = codecs.length === 0 ? 'm=audio 0 RTP/AVP 0' : `m=audio 40000 RTP/AVP ${codecs.join(' ')}`
  const lines = ['v=0', 'o=- 1 1 IN IP4 10.0.0.1', 's=-', 'c=IN IP4 10.0.0.1', 't=0 0', media]
  if (options.has('dir')) lines.push(`a=${options.get('dir') ?? ''}`)
  return `${lines.join('\r\n')}\r\n`
}

const REASONS: Readonly<Record<number, string>> = {
  100: 'Trying',
  180: 'Ringing',
  183: 'Session Progress',
  200: 'OK',
  401: 'Unauthorized',
  486: 'Busy Here',
  487: 'Request Terminated',
}

/** Packets as one block. */
export function blockOf(packets: readonly HepPacket[], node = 'node-1'): EventBlock {
  const writer = new BlockWriter({ node, epoch: 1 })
  for (const packet of packets) {
    const fault = writer.append(encodeHep(packet), START_US)
    if (fault !== undefined) throw new Error(fault)
  }
  const block = writer.seal(START_US)
  if (block === undefined) throw new Error('no packets')
  return block
}

/** Let a tracker see a script; returns what `apply` returned for each line. */
export function play(tracker: CallTracker, script: string): (Call | undefined)[] {
  const block = blockOf(packetsOf(script))
  return Array.from({ length: block.count }, (_, row) => tracker.apply(block, row))
}

/** The only call of a script. */
export function callOf(script: string, tracker = new CallTracker()): Call {
  play(tracker, script)
  const calls = [...tracker.calls()]
  const [call] = calls
  if (call === undefined || calls.length > 1) throw new Error(`${calls.length} calls`)
  return call
}

/** Every order of up to seven things. */
export function permutationsOf<T>(things: readonly T[]): T[][] {
  if (things.length <= 1) return [[...things]]
  return things.flatMap((thing, i) => permutationsOf(things.toSpliced(i, 1)).map((rest) => [thing, ...rest]))
}
