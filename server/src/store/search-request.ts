import { z } from 'zod'
import { type Expression, parseExpression } from '@hepscope/shared/filter/expression.ts'
import { formatIp, parseIp } from '@hepscope/shared/net/ip.ts'
import { CALL_TABLE, columnsOf, type EventTable, kindOf, REGISTRATION_TABLE, SIP_DEFAULT_TABLE } from './schema.ts'

/** Most messages of one `messages` answer. */
export const MAX_MESSAGES = 10_000

/** What is wrong with one member of a request; `field` is its path, e.g. `filter.src_port`. */
export interface FieldFault {
  readonly field: string
  readonly message: string
  /** Where in the text of `q`, in UTF-16 units. */
  readonly at?: number
}

export type Parsed<T> =
  { readonly ok: true; readonly request: T } | { readonly ok: false; readonly faults: readonly FieldFault[] }

/** How a condition compares a column with its values. */
export type Match =
  /** Equal to one of the values. */
  | 'equals'
  /** `%` in the value stands for any text; nothing else is special. */
  | 'like'
  | 'contains'
  | 'contains-any-case'

/** One column, or either of two, compared with values; rows must meet every condition of a request. */
export interface Condition {
  readonly columns: readonly string[]
  readonly match: Match
  readonly values: readonly (string | number)[]
}

export interface TimeRange {
  /** Whole milliseconds since 1970, both ends included. */
  readonly from?: number
  readonly to?: number
}

export interface SearchRequest {
  /** undefined: every table. */
  readonly tables: readonly EventTable[] | undefined
  readonly expression: Expression | undefined
  readonly conditions: readonly Condition[]
  readonly time: TimeRange
  readonly limit: number
  readonly withPayload: boolean
  readonly withLake: boolean
}

export interface MessagesRequest {
  /** undefined: every table. */
  readonly tables: readonly EventTable[] | undefined
  /** Call-IDs, without repetition. */
  readonly sessionIds: readonly string[]
  /** Ends of media; rows that name no call are found by them. */
  readonly media: readonly { readonly ip: string; readonly port: number }[]
  readonly excludedIps: readonly string[]
  readonly time: TimeRange
  readonly withPayload: boolean
  readonly withLake: boolean
}

const DEFAULT_LIMIT = 50
const MAX_LIMIT = 50_000
const MAX_SESSIONS = 50
const MAX_TEXT = 4096
const MAX_VALUES = 256

const text = z.string().max(MAX_TEXT)
const textOrNumber = z.union([text, z.number()], 'must be text or a number').transform(String)
const port = z
  .union([z.number(), z.string()], 'must be a port number')
  .refine((value) => value === '' || /^\d+$/.test(String(value)), 'must be a port number')
  .refine((value) => !(Number(value) > 0xffff), 'must be at most 65535')
  .transform((value) => (value === '' ? '' : Number(value)))
const ip = text
  .refine((value) => value === '' || parseIp(value) !== undefined, 'must be an IPv4 or IPv6 address')
  .transform(canonicalIp)
const oneOrMore = z
  .union([textOrNumber, z.array(textOrNumber).max(MAX_VALUES)], 'must be text, a number or a list of them')
  .transform((value) => [value].flat().filter((one) => one !== ''))
/** Whole milliseconds since 1970, both ends included. */
export const timeRange = z
  .strictObject({ from: z.int().min(0).optional(), to: z.int().min(0).optional() })
  .refine(({ from, to }) => from === undefined || to === undefined || from <= to, { message: 'from is after to' })
const protoType = z.int().min(0).max(255)
const eventType = z.enum(['call', 'registration', 'default', 'all'])

/** Keys of `filter` that are compared with a column, and how. */
const filterKeys = {
  call_id: text,
  session_id: text,
  cid: text,
  from_user: text,
  caller: text,
  to_user: text,
  callee: text,
  ruri_user: text,
  aor: text,
  contact: text,
  expires: textOrNumber,
  method: oneOrMore,
  methods: oneOrMore,
  cseq_method: oneOrMore,
  response_code: oneOrMore,
  response_codes: oneOrMore,
  src_ip: ip,
  dst_ip: ip,
  src_port: port,
  dst_port: port,
  capture_id: textOrNumber,
  node: textOrNumber,
  node_id: textOrNumber,
  user_agent: text,
  payload: text,
}
type FilterKey = keyof typeof filterKeys

const filter = z.strictObject({ proto_type: protoType, event_type: eventType, ...filterKeys }).partial()
/** False leaves out of the rows what was captured: `payload`, `payload_raw` and `hep_extra`. */
const withPayload = z.boolean().default(true)
/** True leaves out the rows that are in the lake: for who reads it themselves, and asks several nodes for the rest. */
export const withoutLake = z.boolean().default(false)
/** Body of `POST /transactions/search`. */
export const searchBody = z.strictObject({
  q: z.string().default('').describe('Filter expression; without proto_type and event_type it goes over every table'),
  filter: filter.prefault({}),
  param: z.strictObject({ limit: z.number().optional() }).prefault({}),
  timestamp: timeRange.prefault({}),
  with_payload: withPayload,
  without_lake: withoutLake,
})
/** Body of `POST /transactions/messages`. */
export const messagesBody = z
  .strictObject({
    session_id: z.union([text.min(1), z.array(text.min(1)).min(1).max(MAX_SESSIONS)]).optional(),
    session_ids: z.array(text.min(1)).max(MAX_SESSIONS).optional(),
    media: z
      .array(z.strictObject({ ip, port: z.int().min(1).max(0xffff) }))
      .max(MAX_VALUES)
      .default([])
      .describe('Instead of Call-IDs: rows from or to one of these addresses that name no call'),
    proto_type: protoType.default(1),
    /** Instead of the other two: all tables of these types. */
    proto_types: z.array(protoType).min(1).max(16).optional(),
    event_type: eventType.default('call'),
    timestamp: timeRange.prefault({}),
    whitelist: z.array(ip).max(MAX_VALUES).default([]),
    with_related: z.boolean().default(false),
    with_payload: withPayload,
    without_lake: withoutLake,
  })
  .refine(
    ({ session_id, session_ids = [], media }) => session_id !== undefined || session_ids.length + media.length > 0,
    { path: ['session_id'], message: 'session_id or session_ids is required' },
  )

/** Column that a key of `filter` stands for, where the names differ. */
const COLUMN: Readonly<Partial<Record<FilterKey, readonly string[]>>> = {
  call_id: ['session_id'],
  from_user: ['caller'],
  to_user: ['callee'],
  methods: ['method'],
  response_codes: ['response_code'],
  capture_id: ['node_id'],
  // Homer means the capture agent by both; ours is the node that stored it.
  node: ['node', 'node_id'],
}
const CONTAINS: ReadonlySet<string> = new Set(['payload', 'user_agent'])

/**
 * Read the body of `POST /transactions/search`.
 *
 * An empty text or list in `filter` means that the key was not given; a limit outside 1 to 50,000 means 50. `q` and
 * `filter` must both be met; with `q` and neither `proto_type` nor `event_type` every table is searched.
 *
 * @returns the request, or every fault with the name of the member
 */
export function parseSearch(body: unknown): Parsed<SearchRequest> {
  const parsed = searchBody.safeParse(body ?? {})
  if (!parsed.success) return { ok: false, faults: faultsOf(parsed.error) }
  const { filter: given, param, timestamp, with_payload, without_lake } = parsed.data
  const q = parsed.data.q.trim() === '' ? undefined : parseExpression(parsed.data.q)
  const isEverywhere = q !== undefined && given.proto_type === undefined && given.event_type === undefined
  const tables = isEverywhere ? undefined : tablesOf(given.proto_type ?? 1, given.event_type ?? 'call')
  const conditions: Condition[] = []
  const faults: FieldFault[] = []
  if (q?.ok === false) faults.push({ field: 'q', message: `${q.message} (at ${q.at})`, at: q.at })
  for (const key of Object.keys(filterKeys) as FilterKey[]) {
    const value = given[key]
    if (value === undefined || value === '' || (Array.isArray(value) && value.length === 0)) continue
    const columns = COLUMN[key] ?? [key]
    if (tables?.some((table) => hasColumns(table, columns)) === false) {
      faults.push({ field: `filter.${key}`, message: `${tables.join(', ')} has no such column` })
    }
    conditions.push({ columns, ...comparisonOf(key, value) })
  }
  if (faults.length > 0) return { ok: false, faults }
  return {
    ok: true,
    request: {
      tables,
      expression: q?.ok === true ? q.expression : undefined,
      conditions,
      time: definedTime(timestamp),
      limit: limitOf(param.limit),
      withPayload: with_payload,
      withLake: !without_lake,
    },
  }
}

/** Read the body of `POST /transactions/messages`. `session_ids` goes before `session_id`. */
export function parseMessages(body: unknown): Parsed<MessagesRequest> {
  const parsed = messagesBody.safeParse(body ?? {})
  if (!parsed.success) return { ok: false, faults: faultsOf(parsed.error) }
  const { session_id = [], session_ids = [], proto_type, proto_types, event_type, timestamp, whitelist } = parsed.data
  const { with_related, with_payload, without_lake, media } = parsed.data
  const given = session_ids.length > 0 ? session_ids : [session_id].flat()
  // Homer's name of a leg that a back-to-back user agent made; its messages carry the Call-ID in front.
  const sessionIds = [...new Set(given.flatMap((id) => [id, id.replace(/_b2b-\d+$/, '')]))]
  return {
    ok: true,
    request: {
      tables: with_related
        ? undefined
        : (proto_types?.flatMap((proto) => tablesOf(proto, 'all')) ?? tablesOf(proto_type, event_type)),
      sessionIds,
      media,
      excludedIps: whitelist,
      time: definedTime(timestamp),
      withPayload: with_payload,
      withLake: !without_lake,
    },
  }
}

/** True if a table has every column that a condition compares. */
export function hasColumns(table: EventTable, columns: readonly string[]): boolean {
  const own = columnsOf(kindOf(table))
  return columns.every((column) => own.some(({ name }) => name === column))
}

function tablesOf(proto: number, eventType: 'call' | 'registration' | 'default' | 'all'): readonly EventTable[] {
  if (proto !== 1) return [`hep_proto_${proto}_default`]
  return eventType === 'all' ? [CALL_TABLE, REGISTRATION_TABLE, SIP_DEFAULT_TABLE] : [`hep_proto_1_${eventType}`]
}

function comparisonOf(key: FilterKey, value: string | number | string[]): Pick<Condition, 'match' | 'values'> {
  if (Array.isArray(value)) return { match: 'equals', values: value.map((one) => one.toUpperCase()) }
  if (typeof value === 'string' && value.includes('%')) return { match: 'like', values: [value] }
  if (CONTAINS.has(key)) return { match: key === 'payload' ? 'contains' : 'contains-any-case', values: [value] }
  return { match: 'equals', values: [value] }
}

function canonicalIp(value: string): string {
  const bytes = parseIp(value)
  return bytes === undefined ? value : formatIp(bytes, 0, bytes.length)
}

/** Most rows of an answer: what was asked for, and 50 for what is not from 1 to 50,000. */
export function limitOf(given: number | undefined): number {
  const limit = given ?? DEFAULT_LIMIT
  return Number.isInteger(limit) && limit >= 1 && limit <= MAX_LIMIT ? limit : DEFAULT_LIMIT
}

/** Without the members that are not given. */
export function definedTime({ from, to }: { from?: number | undefined; to?: number | undefined }): TimeRange {
  return { ...(from === undefined ? {} : { from }), ...(to === undefined ? {} : { to }) }
}

/** What a schema finds wrong, each with the path of its member. */
export function faultsOf(error: z.ZodError): FieldFault[] {
  return error.issues.flatMap((issue) => {
    const path = issue.path.join('.')
    if (issue.code !== 'unrecognized_keys') return [{ field: path, message: issue.message }]
    return issue.keys.map((key) => ({ field: path === '' ? key : `${path}.${key}`, message: 'unknown key' }))
  })
}
