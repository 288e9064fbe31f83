import type { PcapMessage } from '@hepscope/shared/pcap/write.ts'
import { AppError, type FieldFault } from './error.ts'
import type { AppContext } from './context.ts'

/** Answer of a store: a JSON body that is passed on as it is, or what is wrong with the question. */
export type SearchAnswer =
  | { readonly ok: true; readonly json: Buffer }
  | {
      readonly ok: false
      readonly kind: 'invalid' | 'unavailable'
      readonly message: string
      readonly fields?: readonly FieldFault[]
    }

export interface SearchOptions {
  /** Ends the search. */
  readonly signal?: AbortSignal
  /** Gets the rows in pages as they are found, a JSON text and a line end for each; the answer then has none. */
  readonly onRows?: (lines: Buffer) => void
}

/** The part of a store that the routes ask. */
export interface SearchSource {
  search(request: unknown, options?: SearchOptions): Promise<SearchAnswer>
  messages(request: unknown, options?: SearchOptions): Promise<SearchAnswer>
}

/** What the routes read of a row. Members that only SIP has are absent from other rows, or `null`. */
export interface StoredRow {
  readonly proto_type: number
  readonly ts_us: number
  readonly session_id: string
  readonly cid: string
  readonly src_ip: string
  readonly src_port: number
  readonly dst_ip: string
  readonly dst_port: number
  readonly protocol: number
  readonly node_id: string
  readonly payload: string
  /** Base64, where `payload` is not the exact bytes. */
  readonly payload_raw: string | null
  readonly method?: string | null
  readonly response_code?: string | null
  readonly cseq_method?: string | null
  readonly reason?: string | null
  readonly user_agent?: string | null
}

export interface StoredRows {
  readonly rows: readonly StoredRow[]
  /** There are more than an answer can have. */
  readonly hasMore: boolean
  /** What the store cannot find yet; see `meta.incomplete` of a search. */
  readonly incomplete: object | undefined
}

/** Refuse what needs a store where there is none. @throws AppError 503 */
export function storeOf<T>(store: T | undefined): T {
  if (store === undefined) throw new AppError('unavailable', 'Storage is switched off (storage.enable)')
  return store
}

/** Aborted when the client is gone, or has its answer. */
export function leaving(ctx: AppContext): AbortSignal {
  const gone = new AbortController()
  ctx.res.once('close', () => gone.abort())
  return gone.signal
}

/**
 * Ask for the messages of some calls.
 *
 * @throws AppError 400 or 503, as the store says
 */
export async function storedMessages(store: SearchSource, body: unknown, signal: AbortSignal): Promise<StoredRows> {
  const rows: StoredRow[] = []
  const answer = await store.messages(body, {
    signal,
    onRows: (lines) => {
      for (const line of lines.toString().split('\n')) if (line !== '') rows.push(JSON.parse(line) as StoredRow)
    },
  })
  if (!answer.ok) throw refusalOf(answer)
  const { meta } = JSON.parse(answer.json.toString()) as { meta: { has_more: boolean; incomplete?: object } }
  return { rows, hasMore: meta.has_more, incomplete: meta.incomplete }
}

/** What the client is told of a question that has no answer. */
export function refusalOf(answer: Extract<SearchAnswer, { ok: false }>): AppError {
  const code = answer.kind === 'invalid' ? 'invalid_argument' : 'unavailable'
  return new AppError(code, answer.message, answer.fields)
}

/** The captured bytes with their addresses. */
export function messageOf(row: StoredRow): PcapMessage {
  return {
    tsUs: row.ts_us,
    ipProtocol: row.protocol,
    srcIp: row.src_ip,
    dstIp: row.dst_ip,
    srcPort: row.src_port,
    dstPort: row.dst_port,
    bytes: row.payload_raw === null ? Buffer.from(row.payload) : Buffer.from(row.payload_raw, 'base64'),
  }
}
