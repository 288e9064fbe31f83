import { PROTOCOL_TYPE } from '../hep/chunks.ts'
import { HepDeframer } from '../hep/deframe.ts'
import { encodeHep, HepEncodeError } from '../hep/encode.ts'
import { HepFields } from '../hep/fields.ts'
import { isHep3Magic, scanHep } from '../hep/scan.ts'
import type { CaptureFault } from './capture.ts'
import { CaptureMessages, type CapturedMessage, type MessageOptions } from './messages.ts'
import { captureFormat, readPcap } from './read.ts'
import { PcapTransport } from './transport.ts'

export type RecordingFormat = 'pcap' | 'pcapng' | 'hep-stream'

/** Format by the first bytes; undefined if it is nothing that we read. */
export function recordingFormat(bytes: Uint8Array): RecordingFormat | undefined {
  return isHep3Magic(bytes, 0) ? 'hep-stream' : captureFormat(bytes)
}

/** A HEP packet of a recording. */
export interface RecordedPacket {
  readonly bytes: Uint8Array
  /** When it was sent, in whole microseconds since 1970; undefined if the recording does not say. */
  readonly tsUs: number | undefined
}

/** Where a recording could not be read any further. */
export interface RecordingFault {
  readonly reason: Exclude<CaptureFault['reason'], 'bad-packet'> | 'bad-hep-stream' | 'unfinished'
  /** Bytes from the beginning of the file. */
  readonly offset: number
}

/** What gave no packet, under the reason, and the fault that ended the reading. */
export class RecordingCounts {
  readonly skipped = new Map<string, number>()
  fault: RecordingFault | undefined

  add(reason: string, count: number): void {
    if (count > 0) this.skipped.set(reason, (this.skipped.get(reason) ?? 0) + count)
  }
}

export interface RecordingOptions extends MessageOptions {
  /** Capture agent id of SIP that is not in HEP. */
  readonly agentId: number
}

/**
 * The HEP packets of a recording: HEP as it was, SIP packed into HEPv3 with the addresses and times of the capture.
 *
 * @param file not compressed, and of that format
 * @param counts receives what was passed over, when the generator ends
 */
export function* readRecording(
  format: RecordingFormat,
  file: Uint8Array,
  options: RecordingOptions,
  counts: RecordingCounts,
): Generator<RecordedPacket, void, void> {
  if (format === 'hep-stream') yield* readHepStream(file, counts)
  else yield* readCapture(file, options, counts)
}

function* readCapture(
  file: Uint8Array,
  { agentId, inflate }: RecordingOptions,
  counts: RecordingCounts,
): Generator<RecordedPacket, void, void> {
  const transport = new PcapTransport()
  const messages = new CaptureMessages(inflate === undefined ? {} : { inflate })
  const packed = function* (items: Iterable<CapturedMessage>): Generator<RecordedPacket, void, void> {
    for (const message of items) {
      const bytes = message.kind === 'hep' ? message.bytes : packSip(message, agentId)
      if (bytes === undefined) counts.add('too-large-for-hep', 1)
      else yield { bytes, tsUs: message.tsUs }
    }
  }
  try {
    for (const item of readPcap(file)) {
      if (!item.ok && item.reason !== 'bad-packet') counts.fault = { reason: item.reason, offset: item.offset }
      for (const payload of transport.push(item)) yield* packed(messages.push(payload))
    }
    for (const payload of transport.close()) yield* packed(messages.push(payload))
  } finally {
    const { skipped, tcp } = transport.counters
    for (const [reason, count] of [...skipped, ...messages.skipped]) counts.add(reason, count)
    counts.add('tcp-hole', tcp.holeCount)
  }
}

function* readHepStream(file: Uint8Array, counts: RecordingCounts): Generator<RecordedPacket, void, void> {
  const deframer = new HepDeframer()
  const packets: Uint8Array[] = []
  const step = 65_536
  let offset = 0
  for (let at = 0; at < file.length && deframer.fault === undefined; at += step) {
    deframer.push(file.subarray(at, at + step), (packet) => packets.push(packet.slice()))
    for (const bytes of packets.splice(0)) {
      offset += bytes.length
      yield { bytes, tsUs: hepTimeUs(bytes) }
    }
  }
  const reason = deframer.fault !== undefined ? 'bad-hep-stream' : deframer.pendingBytes > 0 ? 'unfinished' : undefined
  if (reason === undefined) return
  counts.fault = { reason, offset }
  counts.add(reason, 1)
}

/**
 * Time in a HEP packet.
 *
 * @returns whole microseconds since 1970; undefined if the bytes are no HEP packet or it has no time, as in HEPv1
 */
export function hepTimeUs(packet: Uint8Array): number | undefined {
  const fields = new HepFields()
  const fault = scanHep(packet, fields, Date.now() * 1000)
  return fault === undefined && fields.tsUs > 0 ? fields.tsUs : undefined
}

function packSip(message: CapturedMessage, agentId: number): Uint8Array | undefined {
  const { ipProtocol, srcIp, dstIp, srcPort, dstPort, tsUs, bytes } = message
  const addresses = { ipProtocol, srcIp, dstIp, srcPort, dstPort }
  const time = tsUs === undefined ? undefined : { tsUs }
  try {
    return encodeHep({ version: 3, ...addresses, ...time, protocolType: PROTOCOL_TYPE.sip, agentId, payload: bytes })
  } catch (error) {
    if (error instanceof HepEncodeError && error.code === 'too-large') return undefined
    throw error
  }
}

/** The first eight bytes in hex, and as text if they are some: what a message about an unknown file says. */
export function firstBytesText(bytes: Uint8Array): string {
  const first = bytes.subarray(0, 8)
  const hex = Array.from(first, (byte) => byte.toString(16).padStart(2, '0')).join(' ')
  const isText = first.every((byte) => byte >= 0x20 && byte < 0x7f)
  return isText ? `${hex} ("${String.fromCharCode(...first)}")` : hex
}
