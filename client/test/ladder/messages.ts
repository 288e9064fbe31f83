import type { LadderMessage } from '../../src/app/ladder/message.ts'
import { keyOf } from '../../src/app/ladder/message.ts'
import { DEFAULT_VIEW } from '../../src/app/ladder/ladder-view.ts'
import type { LadderModel } from '../../src/app/ladder/layout.ts'

export const START_US = 1_700_000_000_000_000

/**
 * Messages from lines such as `20 a>p INVITE 1 b1` and `30 p>a 180 INVITE 1 b1`: milliseconds, endpoints, method or
 * code and method, CSeq, branch, then `key=value`: `call`, `agent`, `node`, `seq`, `sdp`, `proto`, `payload`. `seq`
 * counts the lines if absent.
 */
export function messagesOf(script: string): LadderMessage[] {
  return script
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '')
    .map(messageOf)
}

function messageOf(line: string, index: number): LadderMessage {
  const [ms = '0', way = 'a>b', ...rest] = line.split(/\s+/)
  const options = new Map(
    rest
      .filter((word) => word.includes('='))
      .map((word) => [word.slice(0, word.indexOf('=')), word.slice(word.indexOf('=') + 1)]),
  )
  const plain = rest.filter((word) => !word.includes('='))
  const statusCode = /^\d{3}$/.test(plain[0] ?? '') ? Number(plain.shift()) : 0
  const [method = '', cseq = '0', branch = ''] = plain
  const [source = 'a', destination = 'b'] = way.split('>')
  const node = options.get('node') ?? 'n1'
  const seq = Number(options.get('seq') ?? index + 1)
  return {
    key: keyOf(node, 1, seq),
    node,
    epoch: 1,
    seq,
    tsUs: START_US + Math.round(Number(ms) * 1000),
    srcIp: endpoint(source).ip,
    srcPort: endpoint(source).port,
    dstIp: endpoint(destination).ip,
    dstPort: endpoint(destination).port,
    transport: 'udp',
    proto: Number(options.get('proto') ?? 1),
    method,
    statusCode,
    reason: REASONS[statusCode] ?? '',
    cseqNumber: Number(cseq),
    callId: options.get('call') ?? 'call-1',
    branch,
    fromTag: 'x',
    toTag: '',
    hasSdp: options.has('sdp'),
    agentId: Number(options.get('agent') ?? 1),
    agentName: '',
    payload: options.get('payload'),
    raw: undefined,
  }
}

const REASONS: Readonly<Record<number, string>> = { 100: 'Trying', 180: 'Ringing', 200: 'OK', 486: 'Busy Here' }

function endpoint(name: string): { readonly ip: string; readonly port: number } {
  const [letter = 'a', port = '5060'] = name.split(':')
  return { ip: `10.0.0.${letter.charCodeAt(0) - 96}`, port: Number(port) }
}

/** What a reader sees, with lanes by name, one line a row: `20 10.0.0.1:5060>10.0.0.2:5060 INVITE +20`. */
export function linesOf(model: LadderModel): string[] {
  const { rows, lanes } = model.scene({ ...DEFAULT_VIEW, fold: 'none' })
  return rows.map((row) => {
    const ms = (row.tsUs - START_US) / 1000
    if (row.kind === 'gap') return `${ms} gap of ${row.count}`
    const lane = (index: number): string => lanes[index]?.id ?? `no lane ${index}`
    const repeat = row.retransmission > 0 ? ` repeat ${row.retransmission}` : ''
    const copies = row.copies.length > 0 ? ` copies ${row.copies.map((copy) => copy.key).join(',')}` : ''
    return `${ms} ${lane(row.fromLane)}>${lane(row.toLane)} ${row.label} +${row.deltaUs}${repeat}${copies}`
  })
}
