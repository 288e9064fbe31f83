import type { Parameters } from '../parameters.ts'
import { anyEntry } from './call-expression-sql.ts'
import type { CallFilter } from './call-request.ts'
import type { CallColumn } from './columns.ts'

/** Members of the filter that are equal to, or with `%` like, a column. */
const TEXTS = ['caller', 'callee', 'ruri_user', 'from_host', 'to_host', 'src_ip', 'dst_ip', 'hangup_side'] as const
/** Of which one value must be that of a column. */
const WORDS = ['kind', 'state', 'state_class'] as const
/** Durations, in milliseconds, and their columns. */
const DURATIONS = {
  setup_ms: 'setup_us',
  ring_ms: 'ring_us',
  talk_ms: 'talk_us',
  length_ms: 'length_us',
  response_ms: 'response_us',
} as const satisfies Readonly<Record<string, CallColumn>>
const COUNTS = ['message_count', 'retransmission_count', 'leg_count'] as const

/** The conditions that a filter puts on the stored columns of `hepscope_calls`; an empty text or list puts none. */
export function filterSql(filter: CallFilter, parameters: Parameters): string[] {
  const conditions: string[] = []
  const add = (isGiven: boolean, condition: () => string): void => {
    if (isGiven) conditions.push(condition())
  }
  for (const key of WORDS) {
    const values = filter[key] ?? []
    add(values.length > 0, () => `${key} IN (${parameters.texts(values)})`)
  }
  for (const key of TEXTS) {
    const value = filter[key] ?? ''
    add(value !== '', () => textIs(key, value, parameters))
  }
  const { is = [], evidence = [], methods = [], codes = [], status_code: statusCodes = [] } = filter
  for (const word of is) conditions.push(`list_contains(traits, ${parameters.text(word)})`)
  add(evidence.length > 0, () => `list_has_any(evidence, [${parameters.texts(evidence)}])`)
  const names = methods.filter((name) => name !== '').map((name) => name.toUpperCase())
  add(names.length > 0, () => `list_has_any(methods, [${parameters.texts(names)}])`)
  add(codes.length > 0, () => `list_has_any(codes, CAST([${codes.join(', ')}] AS UINTEGER[]))`)
  add(statusCodes.length > 0, () => `status_code IN (${statusCodes.join(', ')})`)
  const { call_id = '', route = '', node = '', agent = '', user_agent = '', is_running } = filter
  add(call_id !== '', () => anyEntry('call_ids', textIs('entry', call_id, parameters)))
  add(route !== '', () => anyEntry('route', textIs('entry', route, parameters)))
  add(node !== '', () => anyEntry('nodes', textIs('entry', node, parameters)))
  add(agent !== '', () => {
    const byId = anyEntry('agent_ids', `CAST(entry AS VARCHAR) = ${parameters.text(agent)}`)
    return `(${byId} OR ${anyEntry('agent_names', textIs('entry', agent, parameters))})`
  })
  add(user_agent !== '', () => {
    const wanted = parameters.text(user_agent.toLowerCase())
    return `(contains(lower(uac), ${wanted}) OR contains(lower(uas), ${wanted}))`
  })
  add(is_running !== undefined, () => (is_running === true ? 'is_running' : 'NOT is_running'))
  for (const [key, column] of Object.entries(DURATIONS)) {
    conditions.push(...between(column, filter[key as keyof typeof DURATIONS], 1000))
  }
  for (const key of COUNTS) conditions.push(...between(key, filter[key], 1))
  return conditions
}

function textIs(column: string, value: string, parameters: Parameters): string {
  if (!value.includes('%')) return `${column} = ${parameters.text(value)}`
  // Only `%` is special to our users; Call-IDs are full of `_`.
  return `${column} LIKE ${parameters.text(value.replace(/[\\_]/g, '\\$&'))} ESCAPE '\\'`
}

function between(
  column: CallColumn,
  range: { min?: number | undefined; max?: number | undefined } | undefined,
  scale: number,
): string[] {
  const conditions: string[] = []
  if (range?.min !== undefined) conditions.push(`${column} >= ${range.min * scale}`)
  if (range?.max !== undefined) conditions.push(`${column} <= ${range.max * scale}`)
  return conditions
}
