import { GENERIC_VENDOR } from './chunks.ts'
import type { HepPacket, RawChunk } from './packet.ts'
import { homer6Payload } from './payload-parts.ts'

/** A name that something has in one of several worlds: `sip` and a Call-ID, `net` and a connection id. */
export interface Correlation {
  /** What kind of id it is, e.g. `sip`. */
  readonly type: string
  readonly id: string
}

/**
 * OpenSIPS' chunk of further ids, vendor 0, in no revision of the specification: a JSON object of type and id.
 * Only HOMER 6 mode sends it.
 */
export const EXTRA_CORRELATION_CHUNK = 0x0065

const utf8 = new TextDecoder()

/** The chunk that tells of further ids, laid out as OpenSIPS does. */
export function extraCorrelationChunk(correlations: readonly Correlation[]): RawChunk {
  const bytes = homer6Payload(correlations.map(({ type, id }) => [type, id]))
  return { vendor: GENERIC_VENDOR, type: EXTRA_CORRELATION_CHUNK, bytes }
}

/**
 * Read the value of chunk 0x0065.
 *
 * Takes any JSON, however it is laid out: an object, or a list of objects. Numbers become text; what is neither
 * text nor number is left out.
 *
 * @returns the ids in their order; empty if it is no JSON; never throws
 */
export function readExtraCorrelation(value: Uint8Array): Correlation[] {
  let end = value.length
  // C senders may count the NUL; blanks may stand before it.
  while (end > 0 && (value[end - 1] ?? 0) <= 0x20) end--
  let json: unknown
  try {
    json = JSON.parse(utf8.decode(value.subarray(0, end)))
  } catch {
    // What cannot be read correlates nothing; the chunk itself is kept with the packet.
    return []
  }
  return (Array.isArray(json) ? (json as unknown[]) : [json]).flatMap(correlationsIn)
}

function correlationsIn(json: unknown): Correlation[] {
  if (typeof json !== 'object' || json === null || Array.isArray(json)) return []
  const found: Correlation[] = []
  for (const [type, id] of Object.entries(json as Record<string, unknown>)) {
    if ((typeof id === 'string' && id !== '') || typeof id === 'number') found.push({ type, id: String(id) })
  }
  return found
}

/** All ids that a packet names beside its payload. */
export interface PacketCorrelation {
  /** Chunk 0x0011: the Call-ID for a SIP trace, a generated id for others. */
  readonly correlationId?: string
  /** Chunk 0x0065. */
  readonly extra: readonly Correlation[]
}

/**
 * The ids of a decoded packet, e.g. the two of an OpenSIPS `correlate` (protocol type 96).
 *
 * @param chunks those of a `HepPacket`, or of a block row: `readChunks(block.textBytes(TEXT.extra, row))`
 */
export function readCorrelation({
  correlationId,
  chunks = [],
}: Pick<HepPacket, 'correlationId' | 'chunks'>): PacketCorrelation {
  const extra = chunks
    .filter(({ vendor, type }) => vendor === GENERIC_VENDOR && type === EXTRA_CORRELATION_CHUNK)
    .flatMap(({ bytes }) => readExtraCorrelation(bytes))
  return { ...(correlationId !== undefined && correlationId !== '' && { correlationId }), extra }
}

/**
 * The id that HOMER 5 mode puts into chunk 0x0011: the last one whose type begins with `sip`, else the one that
 * was there already. Ids of other types are not sent in that mode.
 */
export function homer5CorrelationId(correlations: readonly Correlation[], primary?: string): string | undefined {
  return correlations.findLast(({ type }) => type.startsWith('sip'))?.id ?? primary
}

export interface LegIds {
  /** Chunk 0x0011. */
  readonly correlationId?: string | undefined
  /** What a header such as X-CID names. */
  readonly aLegId?: string | undefined
  readonly callId?: string | undefined
}

/**
 * The id that joins a SIP message with others as collectors do: chunk 0x0011, else the header by which an agent names
 * the other leg, else the Call-ID. An empty one counts as none.
 *
 * @param isHeaderFirst true: the header wins over the chunk, which some agents fill with the Call-ID alone
 */
export function legCorrelation({ correlationId, aLegId, callId }: LegIds, isHeaderFirst = false): string | undefined {
  const ids = isHeaderFirst ? [aLegId, correlationId, callId] : [correlationId, aLegId, callId]
  return ids.find((id) => id !== undefined && id !== '')
}
