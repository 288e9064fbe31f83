import { setImmediate, setTimeout } from 'node:timers/promises'
import { RecordingCounts } from '@hepscope/shared/pcap/recording.ts'
import { openReplayFile, readReplay, ReplayFileError } from '../cli/replay-file.ts'
import { ImportError, type Imported } from '../http/routes/imports.ts'

/** Packets that are taken in one go; between them live ones are. */
const SLICE_PACKETS = 128
/** Bytes on their way to the store at which an import waits: live packets are to have room. */
const FULL_QUEUE_BYTES = 8 * 1024 * 1024
const WAIT_MS = 20

export interface ImporterOptions {
  /** Most bytes that a gzipped file may inflate to. */
  readonly maxBytes: number
  /** Agent id of SIP that is not in HEP. */
  readonly agentId: number
  /** Takes a packet as if it had come from a listener; false if it was refused. */
  readonly receive: (packet: Uint8Array) => boolean
  /** Bytes on their way to the store. */
  readonly queueBytes: () => number
}

/**
 * Feed the packets of a file to the reception, as fast as the store takes them.
 *
 * @throws ImportError if the file is nothing that we read
 */
export async function importFile(
  name: string,
  file: Uint8Array,
  signal: AbortSignal,
  { maxBytes, agentId, receive, queueBytes }: ImporterOptions,
): Promise<Imported> {
  const opened = await openReplayFile(name, file, maxBytes).catch((error: unknown) => {
    throw error instanceof ReplayFileError ? new ImportError(error.message) : error
  })
  const counts = new RecordingCounts()
  let [inserted, rejected] = [0, 0]
  for (const { bytes } of readReplay(opened, agentId, counts)) {
    if (receive(bytes)) inserted++
    else rejected++
    if ((inserted + rejected) % SLICE_PACKETS !== 0) continue
    if (isGone(signal)) break
    await setImmediate()
    while (queueBytes() > FULL_QUEUE_BYTES && !isGone(signal)) await setTimeout(WAIT_MS)
  }
  return { inserted, rejected, skipped: Object.fromEntries(counts.skipped) }
}

function isGone({ aborted }: AbortSignal): boolean {
  return aborted
}
