import { FLAG } from '../event/columns.ts'
import { PROTOCOL_TYPE } from '../hep/chunks.ts'
import type { EventBlock } from '../event/block.ts'
import { methodNumber, OTHER_METHOD } from '../sip/methods.ts'

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
}

/** Decides whether a viewer gets an event. */
export type RowPredicate = (block: EventBlock, row: number) => boolean

const TRUE_WORDS: ReadonlySet<string> = new Set(['1', 't', 'true', 'y', 'yes', 'on'])
const MAX_UINT32 = 0xffff_ffff

/** A boolean of the query string: `1 t true y yes on` in any case, trimmed; anything else is false. */
export function parseFlag(text: string | null | undefined): boolean {
  return TRUE_WORDS.has((text ?? '').trim().toLowerCase())
}

/**
 * Read a filter from a query string. Values that are no value are ignored, as the original does it:
 * `proto=1,5` or `proto=-1` narrow nothing.
 */
export function parseFilter(query: URLSearchParams): StreamFilter {
  const protos = query
    .getAll('proto')
    .filter((text) => /^\d+$/.test(text))
    .map(Number)
    .filter((proto) => proto <= MAX_UINT32)
  const methods = query
    .getAll('method')
    .map((text) => text.trim().toUpperCase())
    .filter((text) => text !== '')
  return { protos, methods, onlyRequests: parseFlag(query.get('only_requests')) }
}

/** Query string of a filter, keys in alphabetical order, so that equal filters give equal text. */
export function formatFilter(filter: StreamFilter): string {
  const query = new URLSearchParams()
  for (const method of [...new Set(filter.methods)].sort()) query.append('method', method)
  if (filter.onlyRequests) query.set('only_requests', '1')
  for (const proto of [...new Set(filter.protos)].sort((a, b) => a - b)) query.append('proto', String(proto))
  return query.toString()
}

/**
 * The filter as a predicate over block rows.
 *
 * `method` and `only_requests` speak of SIP alone: other events pass them. SIP that could not be parsed
 * passes `only_requests` and fails every `method`.
 */
export function compileFilter(filter: StreamFilter): RowPredicate {
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

/** True if the filter lets every event pass, so that whole blocks can be sent as they are. */
export function passesEverything(filter: StreamFilter): boolean {
  return filter.protos.length === 0 && filter.methods.length === 0 && !filter.onlyRequests
}
