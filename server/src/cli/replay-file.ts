import { readFile } from 'node:fs/promises'
import { promisify } from 'node:util'
import { constants, gunzip, gunzipSync } from 'node:zlib'
import {
  firstBytesText,
  readRecording,
  type RecordedPacket,
  type RecordingCounts,
  recordingFormat,
  type RecordingFormat,
} from '@hepscope/shared/pcap/recording.ts'

/** What Node can hold in one array from a file. */
const MAX_FILE_BYTES = 2 ** 31 - 1
/** Four times the largest HEP packet: room for one that is well compressed, none for a bomb. */
const MAX_INFLATED_BYTES = 4 * 65_535

export interface ReplayFile {
  readonly format: RecordingFormat
  readonly bytes: Uint8Array
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
  const format = recordingFormat(bytes)
  if (format !== undefined) return { format, bytes }
  throw new ReplayFileError(`${name} is not pcap, pcapng or a HEP stream: it starts with ${firstBytesText(bytes)}`)
}

/**
 * The HEP packets of a recording: HEP as it was, SIP packed into HEPv3 with the addresses and times of the capture.
 *
 * @param agentId capture agent id of packed SIP
 * @param counts receives what was passed over, when the generator ends
 */
export function readReplay(
  { format, bytes }: ReplayFile,
  agentId: number,
  counts: RecordingCounts,
): Generator<RecordedPacket, void, void> {
  return readRecording(format, bytes, { agentId, inflate: inflateDatagram }, counts)
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
