import { FLAG } from '../event/columns.ts'
import { PROTOCOL_TYPE } from '../hep/chunks.ts'
import { methodNumber, OTHER_METHOD } from '../sip/methods.ts'
import { type Condition, type Expression, faultOfValue, parseExpression } from './expression.ts'
import { compileExpression } from './match.ts'
import type { RowPredicate } from './row-predicate.ts'

/** Parameters beyond the original's. Unlike `method` they speak of every event: what has no such field fails. */
export const NARROWING_PARAMETERS = ['agent', 'callid', 'code', 'ip', 'node', 'user'] as const
export type NarrowingParameter = (typeof NARROWING_PARAMETERS)[number]

/** Those whose values cannot hold a comma, so that one value may be a list. */
const LISTS: ReadonlySet<NarrowingParameter> = new Set(['agent', 'code', 'ip', 'node'])

/**
 * What a viewer of the live stream asked for. AND across members, OR inside one; an empty list asks for nothing.
 * @see reference of the Live HEP Stream, query parameters
 */
export interface StreamFilter {
  /** HEP protocol types. */
  readonly protos: readonly number[]
  /** CSeq methods in upper case. */
  readonly methods: readonly string[]
  readonly onlyRequests: boolean
  /** Values of the further parameters; each is the whole text of the field, `*` stands for any. */
  readonly narrowing?: Readonly<Partial<Record<NarrowingParameter, readonly string[]>>>
  /** A filter expression that is valid. */
  readonly q?: string
}

/** A value of the query string that means nothing. */
export interface ParameterFault {
  readonly parameter: string
  readonly value: string
  readonly message: string
  /** Where in the value, in UTF-16 units; absent if the whole is wrong. */
  readonly at?: number
}

const TRUE_WORDS: ReadonlySet<string> = new Set(['1', 't', 'true', 'y', 'yes', 'on'])
const FALSE_WORDS: ReadonlySet<string> = new Set(['', '0', 'f', 'false', 'n', 'no', 'off'])
const MAX_UINT32 = 0xffff_ffff

/** A boolean of the query string: `1 t true y yes on` in any case, trimmed; anything else is false. */
export function parseFlag(text: string | null | undefined): boolean {
  return TRUE_WORDS.has((text ?? '').trim().toLowerCase())
}

/** The fault of a boolean parameter that says neither yes nor no. */
export function flagFaults(query: URLSearchParams, parameter: string): ParameterFault[] {
  const value = query.get(parameter)
  if (value === null || parseFlag(value) || FALSE_WORDS.has(value.trim().toLowerCase())) return []
  return [{ parameter, value, message: `"${value}" is neither 1, true, yes, on nor 0, false, no, off` }]
}

/**
 * Read a filter from a query string. Values that are no value are ignored, as the original does it:
 * `proto=1,5` or `proto=-1` narrow nothing. `filterFaults` names them.
 */
export function parseFilter(query: URLSearchParams): StreamFilter {
  const methods = query
    .getAll('method')
    .map((text) => text.trim().toUpperCase())
    .filter((text) => text !== '')
  const narrowing: Partial<Record<NarrowingParameter, readonly string[]>> = {}
  for (const parameter of NARROWING_PARAMETERS) {
    const values = valuesOf(query, parameter).filter((value) => faultOfValue(parameter, value) === undefined)
    if (values.length > 0) narrowing[parameter] = values
  }
  const q = query.get('q')?.trim() ?? ''
  return {
    protos: query.getAll('proto').filter(isProto).map(Number),
    methods,
    onlyRequests: parseFlag(query.get('only_requests')),
    ...(Object.keys(narrowing).length > 0 && { narrowing }),
    ...(q !== '' && parseExpression(q).ok && { q }),
  }
}

/** The values that `parseFilter` ignores, in the order of its members. */
export function filterFaults(query: URLSearchParams): ParameterFault[] {
  const faults: ParameterFault[] = []
  for (const value of query.getAll('proto')) {
    if (!isProto(value)) {
      faults.push({ parameter: 'proto', value, message: `"${value}" is no HEP protocol type (0 to ${MAX_UINT32})` })
    }
  }
  for (const value of query.getAll('method')) {
    if (value.trim() === '') faults.push({ parameter: 'method', value, message: 'a method is missing' })
  }
  faults.push(...flagFaults(query, 'only_requests'))
  for (const parameter of NARROWING_PARAMETERS) {
    const values = valuesOf(query, parameter)
    if (query.has(parameter) && values.length === 0) {
      faults.push({ parameter, value: query.get(parameter) ?? '', message: 'a value is missing' })
    }
    for (const value of values) {
      const message = faultOfValue(parameter, value)
      if (message !== undefined) faults.push({ parameter, value, message })
    }
  }
  const value = query.get('q') ?? ''
  const parsed = value.trim() === '' ? undefined : parseExpression(value)
  if (parsed?.ok === false) faults.push({ parameter: 'q', value, message: parsed.message, at: parsed.at })
  return faults
}

/** Query string of a filter, keys in alphabetical order, so that equal filters give equal text. */
export function formatFilter(filter: StreamFilter): string {
  const query = new URLSearchParams()
  for (const method of sorted(filter.methods)) query.append('method', method)
  if (filter.onlyRequests) query.set('only_requests', '1')
  for (const proto of [...new Set(filter.protos)].sort((a, b) => a - b)) query.append('proto', String(proto))
  for (const parameter of NARROWING_PARAMETERS) {
    for (const value of sorted(filter.narrowing?.[parameter] ?? [])) query.append(parameter, value)
  }
  if (filter.q !== undefined) query.set('q', filter.q)
  query.sort()
  return query.toString()
}

/**
 * The filter as a predicate over block rows.
 *
 * `method` and `only_requests` speak of SIP alone: other events pass them. SIP that could not be parsed
 * passes `only_requests` and fails every `method`.
 */
export function compileFilter(filter: StreamFilter): RowPredicate {
  const original = compileOriginal(filter)
  const expression = expressionOf(filter)
  if (expression === undefined) return original
  const narrows = compileExpression(expression)
  return (block, row) => original(block, row) && narrows(block, row)
}

/** True if the filter lets every event pass, so that whole blocks can be sent as they are. */
export function passesEverything(filter: StreamFilter): boolean {
  return formatFilter(filter) === ''
}

function compileOriginal(filter: StreamFilter): RowPredicate {
  const protos = new Set(filter.protos)
  const methods = new Set(filter.methods.map(methodNumber))
  methods.delete(OTHER_METHOD)
  // All of them: on the wire a known method may come in lower case, and then is none of the table.
  const otherMethods = new Set(filter.methods)
  const { onlyRequests } = filter
  const anyMethod = filter.methods.length === 0
  return (block, row) => {
    const proto = block.proto[row] ?? 0
    if (protos.size > 0 && !protos.has(proto)) return false
    if (proto !== PROTOCOL_TYPE.sip) return true
    if (onlyRequests && ((block.flags[row] ?? 0) & FLAG.response) !== 0) return false
    if (anyMethod) return true
    const method = block.method[row] ?? 0
    if (method === OTHER_METHOD) return otherMethods.has(block.methodName(row).toUpperCase())
    return method !== 0 && methods.has(method)
  }
}

/** What narrows beyond the original's parameters, as one expression. */
function expressionOf(filter: StreamFilter): Expression | undefined {
  const parts: Expression[] = NARROWING_PARAMETERS.flatMap((field) => {
    const values = filter.narrowing?.[field] ?? []
    const conditions = values.map((value): Condition => ({ kind: 'condition', field, value, whole: true, at: 0 }))
    return conditions.length === 0 ? [] : [{ kind: 'or' as const, parts: conditions }]
  })
  const parsed = filter.q === undefined ? undefined : parseExpression(filter.q)
  if (parsed?.ok === true) parts.push(parsed.expression)
  return parts.length === 0 ? undefined : { kind: 'and', parts }
}

function isProto(text: string): boolean {
  return /^\d+$/.test(text) && Number(text) <= MAX_UINT32
}

function valuesOf(query: URLSearchParams, parameter: NarrowingParameter): string[] {
  const texts = query.getAll(parameter)
  const values = LISTS.has(parameter) ? texts.flatMap((text) => text.split(',')) : texts
  return values.map((text) => text.trim()).filter((text) => text !== '')
}

function sorted(texts: readonly string[]): string[] {
  return [...new Set(texts)].sort()
}
