import { setImmediate } from 'node:timers/promises'
import type { z } from 'zod'
import { sippScenario } from '@hepscope/shared/export/sipp.ts'
import { messageText } from '@hepscope/shared/export/text.ts'
import { PcapWriter } from '@hepscope/shared/pcap/write.ts'
import type { Session } from '../../auth/sessions.ts'
import { type AppContext, type AppMiddleware, sessionOf } from '../context.ts'
import { AppError } from '../error.ts'
import { RouteTable } from '../route-table.ts'
import {
  leaving,
  messageOf,
  missingNodes,
  type SearchSource,
  storedMessages,
  type StoredRow,
  storeOf,
} from '../stored-rows.ts'

/** A file, made of the rows of some calls. */
interface Exported {
  readonly body: string | Buffer
  /** Rows that it does not hold. */
  readonly skippedCount: number
}

interface Format {
  readonly extension: string
  readonly contentType: string
  readonly summary: string
  readonly make: (rows: readonly StoredRow[]) => Exported | Promise<Exported>
}

/** Rows that are turned into bytes in one go; between them the live stream goes on. */
const SLICE_ROWS = 256
const MAX_NAME = 64
const SIP = 1

const FORMATS: Readonly<Record<string, Format>> = {
  text: {
    extension: 'txt',
    contentType: 'text/plain; charset=utf-8',
    summary: 'Messages of some calls to read',
    make: async (rows) => {
      const parts = await inSlices(rows, (row) => Buffer.from(messageText(messageOf(row))))
      return { body: Buffer.concat(parts), skippedCount: 0 }
    },
  },
  pcap: {
    extension: 'pcap',
    contentType: 'application/vnd.tcpdump.pcap',
    summary: 'SIP of some calls as a capture file, with addresses, ports and microseconds',
    make: async (rows) => {
      const writer = new PcapWriter()
      // Other payloads are JSON that an agent made, not what was on the wire.
      const messages = rows.filter(({ proto_type }) => proto_type === SIP)
      const parts = await inSlices(messages, (row) => writer.add(messageOf(row)))
      const body = Buffer.concat([writer.header(), ...parts])
      return { body, skippedCount: writer.skippedCount + rows.length - messages.length }
    },
  },
  ndjson: {
    extension: 'ndjson',
    contentType: 'application/x-ndjson',
    summary: 'Rows of some calls, a line of JSON each',
    make: async (rows) => {
      const parts = await inSlices(rows, (row) => Buffer.from(`${JSON.stringify(row)}\n`))
      return { body: Buffer.concat(parts), skippedCount: 0 }
    },
  },
  sipp: {
    extension: 'xml',
    contentType: 'application/xml; charset=utf-8',
    summary: 'SIPp scenario that plays the caller of one call',
    make: (rows) => {
      const messages = rows.filter(({ proto_type }) => proto_type === SIP).map(messageOf)
      const scenario = sippScenario(messages)
      if (!scenario.ok) throw new AppError('not_found', 'No SIP request of this call is stored')
      return { body: scenario.xml, skippedCount: 0 }
    },
  },
}

/**
 * `POST /api/v4/transactions/export/{text,pcap,ndjson,sipp}` with the body of `/messages`.
 *
 * The header `X-Hepscope-Messages` says how many rows were found, `X-Hepscope-Skipped` how many of them the file does
 * not hold, `X-Hepscope-More: true` that there are more than one answer can have, and `X-Hepscope-Missing-Nodes` names the
 * nodes that did not answer in full (percent-encoded, separated by commas).
 *
 * @param mayReadPayload who may; others get rows without payloads as NDJSON, and 403 for the rest
 */
export function exportRoutes(
  login: AppMiddleware,
  store: SearchSource | undefined,
  body: z.ZodType,
  mayReadPayload: (session: Session) => boolean,
): RouteTable {
  const table = new RouteTable(login)
  for (const [name, { extension, contentType, summary, make }] of Object.entries(FORMATS)) {
    table.add(
      'post',
      `/api/v4/transactions/export/${name}`,
      {
        summary,
        access: 'users',
        body,
        replies: { 200: { description: 'The file', contentType } },
        errors: [404, 503],
      },
      async (ctx) => {
        const source = storeOf(store)
        const mayRead = mayReadPayload(sessionOf(ctx))
        if (!mayRead && name !== 'ndjson') {
          throw new AppError('forbidden', 'You may not read payloads (coordinator.stored_payload)')
        }
        const given = ctx.request.body as object | undefined
        const question = mayRead ? given : { ...given, with_payload: false }
        const ids = sessionIdsOf(given)
        if (name === 'sipp' && ids.length > 1) throw new AppError('invalid_argument', 'A scenario is made of one call')
        const { rows, hasMore, nodes } = await storedMessages(source, question, leaving(ctx))
        const missing = missingNodes(nodes)
        if (missing !== '') ctx.set('X-Hepscope-Missing-Nodes', missing)
        if (rows.length === 0) throw new AppError('not_found', noneFound(missing))
        const written = name === 'ndjson' ? rows : rows.filter(({ payload }) => payload !== undefined)
        const file = await make(written)
        ctx.set({
          'X-Hepscope-Messages': String(rows.length),
          'X-Hepscope-Skipped': String(file.skippedCount + rows.length - written.length),
          ...(hasMore && { 'X-Hepscope-More': 'true' }),
        })
        sendFile(ctx, `${fileName(ids)}.${extension}`, contentType, file.body)
      },
    )
  }
  return table
}

function noneFound(missing: string): string {
  const none = 'No message of these calls is stored'
  return missing === '' ? none : `${none} where it could be looked for; these nodes did not answer: ${missing}`
}

function sendFile(ctx: AppContext, name: string, contentType: string, body: string | Buffer): void {
  ctx.attachment(name)
  ctx.set('Content-Type', contentType)
  ctx.body = body
}

async function inSlices<T>(rows: readonly StoredRow[], make: (row: StoredRow) => T): Promise<T[]> {
  const made: T[] = []
  for (let at = 0; at < rows.length; at += SLICE_ROWS) {
    made.push(...rows.slice(at, at + SLICE_ROWS).map(make))
    await setImmediate()
  }
  return made
}

function sessionIdsOf(body: object | undefined): string[] {
  const { session_id = [], session_ids = [] } = (body ?? {}) as { session_id?: unknown; session_ids?: unknown }
  const several = [session_ids].flat()
  return (several.length > 0 ? several : [session_id].flat()).map(String)
}

function fileName(ids: readonly string[]): string {
  const [first = ''] = ids
  if (ids.length > 1) return `hepscope_${ids.length}_calls`
  return `hepscope_${first.replace(/[^\w.@-]/g, '_').slice(0, MAX_NAME)}`
}
