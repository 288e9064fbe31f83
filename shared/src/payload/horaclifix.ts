import { type Members, numberOf, present, textOf } from './json.ts'
import { lossPercentOf, mosOf, rFactorOf } from './rtp-report.ts'

/** Quality of both directions of a call through a session border controller (HEP protocol type 38). */
export interface HoraclifixView {
  readonly kind: 'horaclifix'
  /** Of the session border controller. */
  readonly name?: string
  readonly incoming: HoraclifixLeg
  readonly outgoing: HoraclifixLeg
}

export interface HoraclifixLeg {
  readonly callId?: string
  readonly realm?: string
  readonly mos?: number
  readonly rFactor?: number
  readonly rtpPacketCount?: number
  readonly rtpLostCount?: number
  readonly lossPercent?: number
  readonly jitterMeanMs?: number
  readonly jitterMaxMs?: number
  readonly rtcpPacketCount?: number
  readonly rtcpLostCount?: number
  /** As the far end reported it by RTCP. */
  readonly rtcpJitterMeanMs?: number
  readonly rtcpJitterMaxMs?: number
  readonly latencyMeanMs?: number
  readonly latencyMaxMs?: number
  readonly srcIp?: string
  readonly srcPort?: number
  readonly dstIp?: string
  readonly dstPort?: number
}

/** @returns undefined if it has the measurements of neither direction */
export function viewHoraclifix(members: Members): HoraclifixView | undefined {
  if (!members.has('inc_mos') && !members.has('out_mos') && !members.has('inc_rtp_pk')) return undefined
  return present<HoraclifixView>({
    kind: 'horaclifix',
    name: textOf(members, 'name'),
    incoming: readLeg(members, 'inc', 'caller'),
    outgoing: readLeg(members, 'out', 'callee'),
  })
}

function readLeg(members: Members, prefix: 'inc' | 'out', party: 'caller' | 'callee'): HoraclifixLeg {
  const number = (name: string) => numberOf(members, `${prefix}_${name}`)
  const received = number('rtp_pk')
  const lost = number('rtp_pk_loss')
  return present<HoraclifixLeg>({
    callId: textOf(members, `${prefix}_id`),
    realm: textOf(members, `${prefix}_realm`),
    mos: mosOf(number('mos')),
    rFactor: rFactorOf(number('rval')),
    rtpPacketCount: received,
    rtpLostCount: lost,
    lossPercent: lossPercentOf(lost, received === undefined || lost === undefined ? undefined : received + lost),
    jitterMeanMs: number('rtp_avg_jitter'),
    jitterMaxMs: number('rtp_max_jitter'),
    rtcpPacketCount: number('rtcp_pk'),
    rtcpLostCount: number('rtcp_pk_loss'),
    rtcpJitterMeanMs: number('rtcp_avg_jitter'),
    rtcpJitterMaxMs: number('rtcp_max_jitter'),
    latencyMeanMs: number('rtcp_avg_lat'),
    latencyMaxMs: number('rtcp_max_lat'),
    srcIp: textOf(members, `${party}_src_ip`),
    srcPort: numberOf(members, `${party}_src_port`),
    dstIp: textOf(members, `${party}_dst_ip`),
    dstPort: numberOf(members, `${party}_dst_port`),
  })
}
