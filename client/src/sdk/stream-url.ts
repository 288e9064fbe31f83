import type { NodePosition } from '@hepscope/shared/frame/control.ts'

/** What a viewer wants to get. A member that is absent narrows nothing. */
export interface HepStreamFilter {
  /** HEP protocol types; several are alternatives. */
  readonly proto?: number | readonly number[]
  /** CSeq methods, so the responses to them too; several are alternatives. Speaks of SIP alone. */
  readonly method?: string | readonly string[]
  /** No SIP responses. */
  readonly onlyRequests?: boolean
  /** Payloads too, if the server allows them and the user is an admin. */
  readonly includePayload?: boolean
  /** Whole Call-ID or correlation id; `*` stands for any text. */
  readonly callid?: string | readonly string[]
  /** Whole user part of From, To or R-URI; `*` stands for any text. */
  readonly user?: string | readonly string[]
  /** Address or network of either end, e.g. `10.0.0.0/8`. */
  readonly ip?: string | readonly string[]
  /** Status code, e.g. `486` or `4xx`. */
  readonly code?: string | number | readonly (string | number)[]
  /** Name of the node that received the packet. */
  readonly node?: string | readonly string[]
  /** Id or name of the capture agent. */
  readonly agent?: string | number | readonly (string | number)[]
  /** Filter expression, e.g. `method:INVITE and (from:alice or code:4xx) and not ip:10.0.0.0/8`. */
  readonly q?: string
  /** How many events from before the connection are sent first; the server has a limit. */
  readonly history?: number
}

export interface StreamQuery {
  readonly token: string | undefined
  readonly format: 'json' | 'block'
  /** Last event of each node that was received; with one, history is not asked for again. */
  readonly since: readonly NodePosition[]
  /** Whether control frames are wanted. */
  readonly control: boolean
}

/** Path of the stream on a hepscope server. */
export const STREAM_PATH = '/api/v4/stream/hep'

/**
 * URL of the WebSocket for a filter.
 *
 * @param base `ws:`, `wss:`, `http:` or `https:` URL of the stream; its own query is kept
 */
export function streamUrl(base: URL, filter: HepStreamFilter, query: StreamQuery): URL {
  const url = new URL(base)
  if (url.protocol === 'http:') url.protocol = 'ws:'
  if (url.protocol === 'https:') url.protocol = 'wss:'
  const { searchParams } = url
  for (const proto of listOf(filter.proto)) searchParams.append('proto', String(proto))
  for (const method of listOf(filter.method)) searchParams.append('method', method)
  if (filter.onlyRequests === true) searchParams.set('only_requests', '1')
  if (filter.includePayload === true) searchParams.set('include_payload', '1')
  for (const name of ['agent', 'callid', 'code', 'ip', 'node', 'user'] as const) {
    for (const value of listOf<string | number>(filter[name])) searchParams.append(name, String(value))
  }
  if (filter.q !== undefined) searchParams.set('q', filter.q)
  if (query.control) searchParams.set('control', '1')
  if (query.format === 'block') searchParams.set('format', 'block')
  if (query.since.length > 0) {
    for (const { node, epoch, seq } of query.since) searchParams.append('since', `${epoch}:${seq}@${node}`)
  } else if (filter.history !== undefined && filter.history > 0) {
    searchParams.set('history', String(filter.history))
  }
  if (query.token !== undefined) searchParams.set('access_token', query.token)
  return url
}

function listOf<T extends string | number>(value: T | readonly T[] | undefined): readonly T[] {
  if (value === undefined) return []
  return typeof value === 'object' ? value : [value]
}
