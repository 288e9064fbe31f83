import { MESSAGE_FIELDS, tsharkArgs, tsharkRows } from '../../server/test/peers/tshark-fields.ts'
import { needProgram } from '../process/programs.ts'
import type { Stage } from '../process/stage.ts'

/** A SIP message as tshark reads it from a capture file. */
export interface TsharkMessage {
  /** Whole microseconds since 1970. */
  readonly tsUs: number
  readonly srcIp: string
  readonly srcPort: number
  readonly dstIp: string
  readonly dstPort: number
  readonly transport: 'udp' | 'tcp'
  readonly callId: string
  /** Hex. */
  readonly payload: string
}

const FIELDS = [
  ...MESSAGE_FIELDS,
  'udp.payload',
  // A message of several segments; else it is in the one.
  'tcp.reassembled.data',
  'tcp.payload',
] as const
/** What tshark finds wrong with a packet. */
const FAULTY =
  '_ws.malformed || tcp.analysis.flags || ip.checksum.status == 0 || udp.checksum.status == 0 || tcp.checksum.status == 0'
const TIMEOUT_MS = 20_000

/** All SIP of a capture file, in its order. */
export async function sipByTshark(stage: Stage, path: string): Promise<readonly TsharkMessage[]> {
  const lines = await tshark(stage, path, 'sip', FIELDS)
  return lines.map((values) => {
    const [time = '', src4 = '', dst4 = '', src6 = '', dst6 = '', udpSrc = '', udpDst = '', tcpSrc, tcpDst] = values
    const [callId = '', datagram = '', reassembled = '', segment = ''] = values.slice(9)
    const [seconds = '', fraction = ''] = time.split('.')
    return {
      tsUs: Number(seconds) * 1_000_000 + Number(fraction) / 1000,
      srcIp: src4 || src6,
      srcPort: Number(udpSrc || tcpSrc),
      dstIp: dst4 || dst6,
      dstPort: Number(udpDst || tcpDst),
      transport: udpSrc === '' ? 'tcp' : 'udp',
      callId,
      payload: datagram || reassembled || segment,
    }
  })
}

/** Number and summary of each packet that is malformed, has a wrong checksum, or does not fit its TCP connection. */
export function faultsByTshark(stage: Stage, path: string): Promise<readonly (readonly string[])[]> {
  return tshark(stage, path, FAULTY, ['frame.number', '_ws.col.Info'])
}

async function tshark(stage: Stage, path: string, filter: string, fields: readonly string[]): Promise<string[][]> {
  const child = stage.run(needProgram('tshark'), tsharkArgs(path, filter, fields))
  const { stdout } = await child.succeeds(TIMEOUT_MS)
  return tsharkRows(stdout)
}
