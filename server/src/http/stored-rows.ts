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
  calls(request: unknown, options?: SearchOptions): Promise<SearchAnswer>
}

/** What the routes read of a row. Members that only SIP has are absent from other rows, or `null`. */
export interface StoredRow {
  readonly node: string
  readonly epoch: number
  readonly seq: number
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
  /** Absent where a node gives none. */
  readonly payload?: string
  /** Base64, where `payload` is not the exact bytes. */
  readonly payload_raw?: string | null
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
  /** How the nodes fared, where there are several; see `meta.nodes` of a search. */
  readonly nodes: readonly NodeState[] | undefined
}

/** What the routes read of a member of `meta.nodes`. */
export interface NodeState {
  readonly name: string
  readonly state: string
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
  const { meta } = JSON.parse(answer.json.toString()) as {
    meta: { has_more: boolean; incomplete?: object; nodes?: readonly NodeState[] }
  }
  return { rows, hasMore: meta.has_more, incomplete: meta.incomplete, nodes: meta.nodes }
}

/**
 * The same question for somebody who may not see payloads; asking for them with a filter would tell what is in them.
 *
 * @param reason key of the configuration that keeps them from him
 * @throws AppError 403 if it asks for what is in payloads
 */
export function withoutPayload(body: unknown, reason: string): unknown {
  if (!isRecord(body)) return body
  if (isRecord(body.filter) && (body.filter.payload ?? '') !== '') {
    throw new AppError('forbidden', `You may not search in payloads (${reason})`)
  }
  return { ...body, with_payload: false }
}

/** What the client is told of a question that has no answer. */
export function refusalOf(answer: Extract<SearchAnswer, { ok: false }>): AppError {
  const code = answer.kind === 'invalid' ? 'invalid_argument' : 'unavailable'
  return new AppError(code, answer.message, answer.fields)
}

/** Names of the nodes of which rows are missing, percent-encoded and separated by commas, as a header can say it. */
export function missingNodes(nodes: readonly NodeState[] = []): string {
  const missing = nodes.filter(({ state }) => state !== 'ok')
  return missing.map(({ name }) => encodeURIComponent(name)).join(',')
}

/** The captured bytes with their addresses; none where a node gives no payloads. */
export function messageOf(row: StoredRow): PcapMessage {
  return {
    tsUs: row.ts_us,
    ipProtocol: row.protocol,
    srcIp: row.src_ip,
    dstIp: row.dst_ip,
    srcPort: row.src_port,
    dstPort: row.dst_port,
    bytes:
      typeof row.payload_raw === 'string' ? Buffer.from(row.payload_raw, 'base64') : Buffer.from(row.payload ?? ''),
  }
}

/** Whether a value of JSON is an object. */
export function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
