import { readFile } from 'node:fs/promises'
import { promisify } from 'node:util'
import { constants, gunzip, gunzipSync } from 'node:zlib'
import { PROTOCOL_TYPE } from '@hepscope/shared/hep/chunks.ts'
import { HepDeframer } from '@hepscope/shared/hep/deframe.ts'
import { encodeHep, HepEncodeError } from '@hepscope/shared/hep/encode.ts'
import { isHep3Magic } from '@hepscope/shared/hep/scan.ts'
import { CaptureMessages, readMessages, type CapturedMessage } from '@hepscope/shared/pcap/messages.ts'
import { captureFormat } from '@hepscope/shared/pcap/read.ts'
import { PcapTransport } from '@hepscope/shared/pcap/transport.ts'
import { hepTimeUs } from './shift-time.ts'

/** What Node can hold in one array from a file. */
const MAX_FILE_BYTES = 2 ** 31 - 1
/** Four times the largest HEP packet: room for one that is well compressed, none for a bomb. */
const MAX_INFLATED_BYTES = 4 * 65_535

export interface ReplayFile {
  readonly format: 'pcap' | 'pcapng' | 'hep-stream'
  readonly bytes: Uint8Array
}

/** A HEP packet to send. */
export interface ReplayPacket {
  readonly bytes: Uint8Array
  /** When it was sent, in whole microseconds since 1970; undefined if the recording does not say. */
  readonly tsUs: number | undefined
}

/** A file that cannot be replayed; `message` is one line for people. */
export class ReplayFileError extends Error {
  override readonly name = 'ReplayFileError'
}

/**
 * Load a recording: pcap, pcapng, or the bytes of a HEP stream, each also gzipped.
 *
 * @throws ReplayFileError if it cannot be read, is too large for memory, or is something else
 */
export async function loadReplayFile(path: string): Promise<ReplayFile> {
  const read = await readFile(path).catch((error: unknown) => {
    throw new ReplayFileError(`cannot read ${path}: ${fileReason(error)}`, { cause: error })
  })
  return openReplayFile(path, read)
}

/**
 * The same from bytes that are in memory.
 *
 * @param name in messages about it
 * @param maxBytes most that it may inflate to
 * @throws ReplayFileError
 */
export async function openReplayFile(name: string, file: Uint8Array, maxBytes = MAX_FILE_BYTES): Promise<ReplayFile> {
  const bytes = file[0] === 0x1f && file[1] === 0x8b ? await inflateFile(name, file, maxBytes) : file
  if (bytes.length === 0) throw new ReplayFileError(`${name} is empty`)
  const format = isHep3Magic(bytes, 0) ? 'hep-stream' : captureFormat(bytes)
  if (format !== undefined) return { format, bytes }
  throw new ReplayFileError(`${name} is not pcap, pcapng or a HEP stream: it starts with ${firstBytes(bytes)}`)
}

/** Counts what gave no packet, under the reason. */
export class ReplayCounts {
  readonly skipped = new Map<string, number>()

  add(reason: string, count: number): void {
    if (count > 0) this.skipped.set(reason, (this.skipped.get(reason) ?? 0) + count)
  }
}

/**
 * The HEP packets of a recording: HEP as it was, SIP packed into HEPv3 with the addresses and times of the capture.
 *
 * @param agentId capture agent id of packed SIP
 * @param counts receives what was passed over, when the generator ends
 */
export function* readReplay(file: ReplayFile, agentId: number, counts: ReplayCounts): Generator<ReplayPacket> {
  if (file.format === 'hep-stream') {
    yield* readHepStream(file.bytes, counts)
    return
  }
  const transport = new PcapTransport()
  const messages = new CaptureMessages({ inflate: inflateDatagram })
  try {
    for (const message of readMessages(file.bytes, transport, messages)) {
      const bytes = message.kind === 'hep' ? message.bytes : packSip(message, agentId)
      if (bytes === undefined) counts.add('too-large-for-hep', 1)
      else yield { bytes, tsUs: message.tsUs }
    }
  } finally {
    const { skipped, tcp } = transport.counters
    for (const [reason, count] of [...skipped, ...messages.skipped]) counts.add(reason, count)
    counts.add('tcp-hole', tcp.holeCount)
  }
}

function* readHepStream(bytes: Uint8Array, counts: ReplayCounts): Generator<ReplayPacket> {
  const deframer = new HepDeframer()
  const packets: Uint8Array[] = []
  const step = 65_536
  for (let at = 0; at < bytes.length && deframer.fault === undefined; at += step) {
    deframer.push(bytes.subarray(at, at + step), (packet) => packets.push(packet.slice()))
    for (const packet of packets.splice(0)) yield { bytes: packet, tsUs: hepTimeUs(packet) }
  }
  if (deframer.fault !== undefined) counts.add('bad-hep-stream', 1)
  else if (deframer.pendingBytes > 0) counts.add('unfinished', 1)
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

function inflateDatagram(bytes: Uint8Array): Uint8Array | undefined {
  try {
    return gunzipSync(bytes, { maxOutputLength: MAX_INFLATED_BYTES })
  } catch {
    // Not gzip after all, or too large: the caller counts it.
    return undefined
  }
}

async function inflateFile(path: string, bytes: Uint8Array, maxOutputLength: number): Promise<Uint8Array> {
  try {
    // A file whose writer was killed gives what is there.
    return await promisify(gunzip)(bytes, { finishFlush: constants.Z_SYNC_FLUSH, maxOutputLength })
  } catch (error) {
    const reason = isTooLarge(error) ? `it becomes larger than ${maxOutputLength} bytes` : fileReason(error)
    throw new ReplayFileError(`cannot inflate ${path}: ${reason}`, { cause: error })
  }
}

function isTooLarge(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'ERR_BUFFER_TOO_LARGE'
}

function fileReason(error: unknown): string {
  const code = error instanceof Error && 'code' in error ? error.code : undefined
  switch (code) {
    case 'ENOENT':
      return 'no such file'
    case 'EISDIR':
      return 'it is a directory'
    case 'EACCES':
      return 'permission denied'
    case 'ERR_FS_FILE_TOO_LARGE':
    case 'ERR_BUFFER_TOO_LARGE':
      return 'it is larger than 2 GiB'
    default:
      return error instanceof Error ? error.message : String(error)
  }
}

/** The first eight bytes in hex, and as text if they are some. */
function firstBytes(bytes: Uint8Array): string {
  const first = bytes.subarray(0, 8)
  const hex = Array.from(first, (byte) => byte.toString(16).padStart(2, '0')).join(' ')
  const isText = first.every((byte) => byte >= 0x20 && byte < 0x7f)
  return isText ? `${hex} ("${String.fromCharCode(...first)}")` : hex
}
