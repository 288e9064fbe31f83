import { z } from 'zod'
import { type CallExpression, parseCallExpression } from '@hepscope/shared/filter/call-expression.ts'
import { TRAITS } from '@hepscope/shared/call/problem.ts'
import { STATE_CLASS } from '@hepscope/shared/call/state.ts'
import {
  definedTime,
  type FieldFault,
  faultsOf,
  limitOf,
  type Parsed,
  type TimeRange,
  timeRange,
  withoutLake,
} from '../search-request.ts'
import { refusalOf } from './call-expression-sql.ts'

const MAX_TEXT = 4096
const MAX_VALUES = 256

const text = z.string().max(MAX_TEXT)
const KINDS = ['call', 'registration', 'subscription', 'options', 'message', 'other'] as const
const CLASSES = ['wait', 'ok', 'done', 'off', 'bad'] as const
const EVIDENCE = [
  'started-before-capture',
  'answer-not-seen',
  'ack-not-seen',
  'bye-not-seen',
  'silent',
  'gap-inside',
] as const
const code = z.int().min(100).max(699)

/** One of the values, or a list of which one must be met. */
const someOf = <T extends z.ZodType<string | number>>(value: T) =>
  z.union([value, z.array(value).max(MAX_VALUES)]).transform((given) => [given].flat() as z.output<T>[])

const words = (all: readonly string[]) => someOf(z.enum(all as [string, ...string[]]))

/** Both ends included; a call of which the measure is not known is not found. */
const measure = z
  .strictObject({ min: z.number().min(0).optional(), max: z.number().min(0).optional() })
  .refine(({ min, max }) => min === undefined || max === undefined || min <= max, { message: 'min is above max' })

const filter = z
  .strictObject({
    kind: words(KINDS),
    state: words(Object.keys(STATE_CLASS)),
    state_class: words(CLASSES),
    is: words(Object.keys(TRAITS)).describe('All must hold; words as behind `is:` in `q`'),
    evidence: words(EVIDENCE),
    is_running: z.boolean(),
    status_code: someOf(code).describe('Of the answer that decided'),
    codes: someOf(code).describe('Any that was seen'),
    methods: someOf(text).describe('Any that was seen'),
    call_id: text.describe('Of any leg; % stands for any text'),
    caller: text,
    callee: text,
    ruri_user: text,
    from_host: text,
    to_host: text,
    src_ip: text,
    dst_ip: text,
    route: text.describe('Any endpoint as ip:port; % stands for any text'),
    user_agent: text.describe('A part of it, of either side'),
    hangup_side: z.enum(['caller', 'callee']),
    node: text,
    agent: text.describe('Id or name of a capture agent'),
    setup_ms: measure,
    ring_ms: measure,
    talk_ms: measure,
    length_ms: measure,
    response_ms: measure,
    message_count: measure,
    retransmission_count: measure,
    leg_count: measure,
  })
  .partial()

/** Body of `POST /transactions/calls`. */
export const callsBody = z.strictObject({
  q: z.string().default('').describe('Filter expression over calls, with the fields is, state and kind as well'),
  filter: filter.prefault({}),
  param: z.strictObject({ limit: z.number().optional() }).prefault({}),
  timestamp: timeRange.prefault({}).describe('When the first event of the call was'),
  without_lake: withoutLake,
  with_payload: z.boolean().default(false).describe('Rows of calls have no payload; taken as by the other searches'),
})

export type CallFilter = z.output<typeof filter>

export interface CallsRequest {
  readonly expression: CallExpression | undefined
  readonly filter: CallFilter
  readonly time: TimeRange
  readonly limit: number
  readonly withLake: boolean
}

/**
 * Read the body of `POST /transactions/calls`; limits as those of a search. `q` and `filter` must both be met.
 *
 * @returns the request, or every fault with the name of the member; a fault of `q` has its place
 */
export function parseCalls(body: unknown): Parsed<CallsRequest> {
  const parsed = callsBody.safeParse(body ?? {})
  if (!parsed.success) return { ok: false, faults: faultsOf(parsed.error) }
  const { param, timestamp, without_lake, q: given } = parsed.data
  const q = given.trim() === '' ? undefined : parseCallExpression(given)
  const fault = q?.ok === false ? q : q?.ok === true ? refusalOf(q.expression) : undefined
  if (fault !== undefined) {
    const faults: FieldFault[] = [{ field: 'q', message: `${fault.message} (at ${fault.at})`, at: fault.at }]
    return { ok: false, faults }
  }
  return {
    ok: true,
    request: {
      expression: q?.ok === true ? q.expression : undefined,
      filter: parsed.data.filter,
      time: definedTime(timestamp),
      limit: limitOf(param.limit),
      withLake: !without_lake,
    },
  }
}
