import { z } from 'zod'
import { payloadText } from '@hepscope/shared/payload/json.ts'
import { viewVoiceQualityText } from '@hepscope/shared/payload/voice-quality.ts'
import type { Session } from '../../auth/sessions.ts'
import { callInfo, callInfos } from '../call-info.ts'
import { callMedia } from '../call-media.ts'
import { type AppContext, type AppMiddleware, sessionOf } from '../context.ts'
import { RouteTable } from '../route-table.ts'
import {
  leaving,
  messageOf,
  type SearchSource,
  storedMessages,
  type StoredRow,
  type StoredRows,
  storeOf,
} from '../stored-rows.ts'

const SIP = 1
const RTCP = 5
const RTP_REPORT = 34
/** Reports of RTP agents, and voice quality reports as text. */
const QUALITY_REPORT = 35

const meta = z.looseObject({ request_id: z.string() })
const rows = z.object({ data: z.array(z.record(z.string(), z.unknown())) })
const qosReply = z.object({ data: z.object({ rtcp: rows, rtp: rows, vqrtcp: rows }), meta })
const infoReply = z.object({ data: z.object({ items: z.array(callInfo) }), meta })

/**
 * `POST /api/v4/transactions/qos` and `/callinfo`, with the body of `/messages`.
 *
 * @param mayReadPayload who gets the payloads of reports; facts about calls are for every user
 */
export function callReportRoutes(
  login: AppMiddleware,
  store: SearchSource | undefined,
  body: z.ZodType,
  mayReadPayload: (session: Session) => boolean,
): RouteTable {
  const table = new RouteTable(login)
  table.add(
    'post',
    '/api/v4/transactions/qos',
    {
      summary: 'RTCP, RTP and voice quality reports of some calls',
      access: 'users',
      body,
      replies: { 200: { description: 'Rows by kind, oldest first', schema: qosReply } },
      errors: [503],
    },
    async (ctx) => {
      const mayRead = mayReadPayload(sessionOf(ctx))
      const found = await reportsOf(storeOf(store), ctx.request.body as object | undefined, leaving(ctx))
      const kinds: Record<'rtcp' | 'rtp' | 'vqrtcp', object[]> = { rtcp: [], rtp: [], vqrtcp: [] }
      for (const row of found.rows) kinds[kindOf(row)].push(mayRead ? row : withoutPayload(row))
      const { rtcp, rtp, vqrtcp } = kinds
      answer(ctx, { rtcp: { data: rtcp }, rtp: { data: rtp }, vqrtcp: { data: vqrtcp } }, found)
    },
  )
  table.add(
    'post',
    '/api/v4/transactions/callinfo',
    {
      summary: 'Parties, state, times and delays of some calls, one item a Call-ID',
      access: 'users',
      body,
      replies: { 200: { description: 'Facts', schema: infoReply } },
      errors: [503],
    },
    async (ctx) => {
      const question = { ...(ctx.request.body as object | undefined), proto_types: [1] }
      const found = await storedMessages(storeOf(store), question, leaving(ctx))
      // What a call is doing is in its payloads.
      const rows = found.rows.filter(({ payload }) => payload !== undefined)
      answer(ctx, { items: callInfos(rows) }, found)
    },
  )
  return table
}

/** Reports that name one of the calls, and those that name none and are from or to an address of the calls' SDP. */
async function reportsOf(store: SearchSource, body: object | undefined, signal: AbortSignal): Promise<StoredRows> {
  const protoTypes = [RTCP, RTP_REPORT, QUALITY_REPORT]
  const named = await storedMessages(store, { ...body, proto_types: protoTypes }, signal)
  const { timestamp, ...rest } = (body ?? {}) as { timestamp?: { from?: number; to?: number } }
  // The whole call, for its SDP may be older than the reports that are asked for.
  const sip = await storedMessages(store, { ...rest, proto_types: [SIP] }, signal)
  const media = callMedia(sip.rows.filter(({ payload }) => payload !== undefined))
  if (media === undefined) return named
  const from = Math.max(media.from, timestamp?.from ?? 0)
  const to = Math.min(media.to, timestamp?.to ?? Infinity)
  if (from > to) return named
  const { session_id: _, session_ids: __, ...about } = rest as { session_id?: unknown; session_ids?: unknown }
  const question = { ...about, media: media.endpoints, proto_types: protoTypes, timestamp: { from, to } }
  const unnamed = await storedMessages(store, question, signal)
  const key = ({ node, epoch, seq }: StoredRow): string => `${node} ${epoch} ${seq}`
  const known = new Set(named.rows.map(key))
  const rows = [...named.rows, ...unnamed.rows.filter((row) => !known.has(key(row)))]
  return {
    ...named,
    rows: rows.sort((a, b) => a.ts_us - b.ts_us),
    hasMore: named.hasMore || sip.hasMore || unnamed.hasMore,
  }
}

function answer(ctx: AppContext, data: object, { rows: found, hasMore, incomplete, nodes }: StoredRows): void {
  const about = { request_id: ctx.state.requestId, messages: found.length, has_more: hasMore }
  const missing = { ...(incomplete !== undefined && { incomplete }), ...(nodes !== undefined && { nodes }) }
  ctx.body = { data, meta: { ...about, ...missing } }
}

function kindOf(row: StoredRow): 'rtcp' | 'rtp' | 'vqrtcp' {
  if (row.proto_type === RTCP) return 'rtcp'
  const isText =
    row.proto_type === QUALITY_REPORT && viewVoiceQualityText(payloadText(messageOf(row).bytes)) !== undefined
  return isText ? 'vqrtcp' : 'rtp'
}

function withoutPayload(row: StoredRow): object {
  return Object.fromEntries(
    Object.entries(row).filter(([key]) => !['payload', 'payload_raw', 'hep_extra'].includes(key)),
  )
}
