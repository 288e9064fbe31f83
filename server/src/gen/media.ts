import { IP_PROTOCOL, PROTOCOL_TYPE } from '@hepscope/shared/hep/chunks.ts'
import type { HepPacket } from '@hepscope/shared/hep/packet.ts'
import type { Leg, Side } from './leg.ts'
import type { Random } from './random.ts'

const REPORT_INTERVAL_US = 5_000_000
const PACKETS_PER_SEC = 50
const SAMPLES_PER_MS = 8
const BYTES_PER_PACKET = 160
/** Seconds between 1900, where NTP counts from, and 1970. */
const NTP_EPOCH_SEC = 2_208_988_800

/** One RTP stream as its sender and its receiver count it. */
interface Stream {
  readonly ssrc: number
  readonly firstSeq: number
  readonly firstRtpTime: number
  packetCount: number
  lostCount: number
  /** Of the last report: what the other side's `lsr` and `dlsr` refer to. */
  lastReportUs: number
  nextReportUs: number
}

/** RTP streams of both directions of a call; makes the RTCP reports that a capture agent mirrors. */
export class MediaFlow {
  readonly #random: Random
  readonly #streams: Record<Side, Stream>
  /** Share of packets lost on the way to each side. */
  readonly #loss: number
  readonly #jitterMs: number

  constructor(random: Random) {
    this.#random = random
    const isPoor = random.chance(0.15)
    this.#loss = isPoor ? random.int(5, 60) / 1000 : random.chance(0.3) ? 0.002 : 0
    this.#jitterMs = isPoor ? random.int(15, 60) : random.int(1, 8)
    this.#streams = { caller: this.#newStream(), callee: this.#newStream() }
  }

  /** Starts the report timers of a stretch of talk. */
  resume(nowUs: number): void {
    for (const stream of Object.values(this.#streams)) {
      stream.nextReportUs = nowUs + this.#random.int(REPORT_INTERVAL_US / 2, REPORT_INTERVAL_US)
    }
  }

  /** The side whose report is due next, and when. */
  next(): { readonly side: Side; readonly timeUs: number } {
    const { caller, callee } = this.#streams
    const side = caller.nextReportUs <= callee.nextReportUs ? 'caller' : 'callee'
    return { side, timeUs: this.#streams[side].nextReportUs }
  }

  /** The sender report of one side at this time, as HEP carries RTCP: JSON, protocol type 5. */
  report(leg: Leg, side: Side, nowUs: number): HepPacket {
    const stream = this.#streams[side]
    const heard = this.#streams[side === 'caller' ? 'callee' : 'caller']
    stream.packetCount += (PACKETS_PER_SEC * REPORT_INTERVAL_US) / 1_000_000
    stream.lastReportUs = nowUs
    stream.nextReportUs = nowUs + REPORT_INTERVAL_US
    const [from, to] = side === 'caller' ? [leg.caller, leg.peer] : [leg.peer, leg.caller]
    return {
      version: 3,
      ipProtocol: IP_PROTOCOL.udp,
      srcIp: from.wire.ip,
      dstIp: to.wire.ip,
      srcPort: from.media.port + 1,
      dstPort: to.media.port + 1,
      tsUs: nowUs,
      protocolType: PROTOCOL_TYPE.rtcpJson,
      agentId: leg.proxy.agent.id,
      agentName: leg.proxy.agent.name,
      correlationId: leg.correlationId,
      payload: new TextEncoder().encode(JSON.stringify(this.#reportJson(stream, heard, nowUs))),
    }
  }

  #reportJson(stream: Stream, heard: Stream, nowUs: number) {
    const expected = (PACKETS_PER_SEC * REPORT_INTERVAL_US) / 1_000_000
    const lost = heard.packetCount === 0 ? 0 : Math.round(expected * this.#loss * 2 * this.#random.unit())
    heard.lostCount += lost
    const { sec, fraction } = ntpTime(nowUs)
    const last = ntpTime(heard.lastReportUs)
    const hasHeard = heard.lastReportUs > 0
    const jitter = Math.round(this.#jitterMs * (0.5 + this.#random.unit()) * SAMPLES_PER_MS)
    return {
      type: 200,
      ssrc: stream.ssrc,
      report_count: 1,
      sender_information: {
        ntp_timestamp_sec: sec,
        ntp_timestamp_usec: fraction,
        rtp_timestamp: (stream.firstRtpTime + stream.packetCount * BYTES_PER_PACKET) % 2 ** 32,
        packets: stream.packetCount,
        octets: stream.packetCount * BYTES_PER_PACKET,
      },
      report_blocks: [
        {
          source_ssrc: heard.ssrc,
          fraction_lost: Math.min(255, Math.floor((lost / expected) * 256)),
          packets_lost: heard.lostCount,
          highest_seq_no: heard.firstSeq + heard.packetCount,
          ia_jitter: jitter,
          lsr: hasHeard ? (last.sec % 65_536) * 65_536 + Math.floor(last.fraction / 65_536) : 0,
          dlsr: hasHeard ? Math.round(((nowUs - heard.lastReportUs) * 65_536) / 1_000_000) : 0,
        },
      ],
    }
  }

  #newStream(): Stream {
    return {
      ssrc: this.#random.uint32(),
      firstSeq: this.#random.int(0, 30_000),
      firstRtpTime: this.#random.uint32(),
      packetCount: 0,
      lostCount: 0,
      lastReportUs: 0,
      nextReportUs: 0,
    }
  }
}

/** @see RFC 3550 section 4: seconds since 1900, and the fraction of a second in units of 2^-32 */
function ntpTime(timeUs: number): { readonly sec: number; readonly fraction: number } {
  const sec = Math.floor(timeUs / 1_000_000)
  return { sec: sec + NTP_EPOCH_SEC, fraction: Math.floor(((timeUs % 1_000_000) / 1_000_000) * 2 ** 32) }
}
