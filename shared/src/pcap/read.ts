import type { CaptureItem } from './capture.ts'
import { readClassicPcap } from './classic.ts'
import { readPcapng } from './pcapng.ts'

export type CaptureFormat = 'pcap' | 'pcapng'

/** Format of a capture file by its first four bytes, or undefined if it is none. */
export function captureFormat(bytes: Uint8Array): CaptureFormat | undefined {
  if (bytes.length < 4) return undefined
  const magic = new DataView(bytes.buffer, bytes.byteOffset).getUint32(0)
  switch (magic) {
    case 0xa1b2c3d4:
    case 0xd4c3b2a1:
    case 0xa1b23c4d:
    case 0x4d3cb2a1:
      return 'pcap'
    case 0x0a0d0d0a:
      return 'pcapng'
    default:
      return undefined
  }
}

/**
 * Frames of a pcap or pcapng file, in file order.
 *
 * @param bytes the whole file, not compressed
 * @returns records with views into `bytes`; a fault ends them, except `bad-packet`. Never throws.
 */
export function* readPcap(bytes: Uint8Array): Generator<CaptureItem, void, void> {
  switch (captureFormat(bytes)) {
    case 'pcap':
      yield* readClassicPcap(bytes)
      break
    case 'pcapng':
      yield* readPcapng(bytes)
      break
    default:
      yield { ok: false, reason: 'not-a-capture', offset: 0 }
  }
}
