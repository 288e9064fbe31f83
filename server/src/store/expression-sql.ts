import type { Condition, Expression, Field } from '@hepscope/shared/filter/expression.ts'
import { parseNetwork } from '@hepscope/shared/net/network.ts'
import { ALWAYS, allOf, anyOf, NEVER, not, wildcardPattern } from './logic-sql.ts'
import { networkSql } from './network-sql.ts'
import type { Parameters } from './parameters.ts'
import { columnsOf, type EventTable, kindOf, protoOf } from './schema.ts'

/** Columns of the texts that a bare word is looked for in. */
const ANYWHERE = [
  'session_id',
  'caller',
  'callee',
  'ruri_user',
  'from_host',
  'to_host',
  'reason',
  'cid',
  'agent_name',
] as const

/** Columns behind the fields that speak of a text. */
const TEXT_FIELDS = {
  from: ['caller'],
  to: ['callee', 'ruri_user'],
  user: ['caller', 'callee', 'ruri_user'],
  callid: ['session_id', 'cid'],
  ua: ['user_agent'],
} as const satisfies Partial<Record<Field, readonly string[]>>

/**
 * A filter expression as an SQL condition on the rows of one table, true for the rows that `compileExpression` accepts
 * in blocks. Case folding is DuckDB's, which differs from JavaScript's in `İ` and in `Σ` at the end of a word.
 *
 * @param parameters gets the values: none of them becomes SQL text
 * @returns `TRUE` or `FALSE` if it is the same for every row
 */
export function expressionSql(expression: Expression, table: EventTable, parameters: Parameters): string {
  return new TableExpression(table, parameters).sql(expression)
}

type MatchMode = 'whole' | 'part'

class TableExpression {
  readonly #table: EventTable
  readonly #parameters: Parameters
  readonly #columns: ReadonlySet<string>

  constructor(table: EventTable, parameters: Parameters) {
    this.#table = table
    this.#parameters = parameters
    this.#columns = new Set(columnsOf(kindOf(table)).map(({ name }) => name))
  }

  sql(expression: Expression): string {
    switch (expression.kind) {
      case 'and':
        return allOf(expression.parts.map((part) => this.sql(part)))
      case 'or':
        return anyOf(expression.parts.map((part) => this.sql(part)))
      case 'not':
        return not(this.sql(expression.part))
      case 'condition':
        return this.#condition(expression)
    }
  }

  #condition({ field, value, whole }: Condition): string {
    const mode = whole ? 'whole' : 'part'
    switch (field) {
      case 'method':
        return this.#match('cseq_method', value, 'whole')
      case 'code':
        return this.#code(value)
      case 'from':
      case 'to':
      case 'user':
      case 'callid':
      case 'ua':
        return this.#texts(TEXT_FIELDS[field], value, mode)
      case 'ip':
        return anyOf([
          networkSql(this.#parameters, 'src_ip', parseNetwork(value)),
          networkSql(this.#parameters, 'dst_ip', parseNetwork(value)),
        ])
      case 'src':
      case 'dst':
        return networkSql(this.#parameters, `${field}_ip`, parseNetwork(value))
      case 'port':
        return anyOf([this.#port('src_port', value), this.#port('dst_port', value)])
      case 'proto':
        return Number(value) === protoOf(this.#table) ? ALWAYS : NEVER
      case 'agent':
        return anyOf([`node_id = ${this.#parameters.text(value)}`, this.#match('agent_name', value, mode)])
      case 'node':
        return this.#match('node', value, mode)
      case 'epoch':
      case 'seq':
        return `${field} = ${Number(value)}`
      case 'text':
        return this.#anywhere(value)
    }
  }

  #code(value: string): string {
    if (!this.#columns.has('response_code')) return NEVER
    if (!/xx$/i.test(value)) return `response_code = ${this.#parameters.text(value)}`
    return `response_code LIKE ${this.#parameters.text(`${value.charAt(0)}__`)}`
  }

  /** A column that is not empty and matches. */
  #texts(columns: readonly string[], value: string, mode: MatchMode): string {
    const own = columns.filter((column) => this.#columns.has(column))
    return anyOf(own.map((column) => allOf([`${column} <> ''`, this.#match(column, value, mode)])))
  }

  /** Case does not count. `*` stands for any text and then the whole must match; without it `part` is enough. */
  #match(column: string, value: string, mode: MatchMode): string {
    // What a table has no column for is empty in a block.
    const text = this.#columns.has(column) ? `lower(${column})` : `''`
    const wanted = value.toLowerCase()
    if (wanted.includes('*')) return `${text} LIKE ${this.#parameters.text(wildcardPattern(wanted))} ESCAPE '\\'`
    const parameter = this.#parameters.text(wanted)
    return mode === 'whole' ? `${text} = ${parameter}` : `contains(${text}, ${parameter})`
  }

  #port(column: string, text: string): string {
    return `${column} = ${Number(text)}`
  }

  #anywhere(value: string): string {
    const endpoint = this.#endpoint(value)
    if (endpoint !== undefined) return endpoint
    const network = parseNetwork(value)
    const conditions = [
      this.#texts(ANYWHERE, value, 'part'),
      this.#match('src_ip', value, 'part'),
      this.#match('dst_ip', value, 'part'),
      networkSql(this.#parameters, 'src_ip', network),
      networkSql(this.#parameters, 'dst_ip', network),
    ]
    const code = this.#parameters.text(value === '0' ? '' : value)
    if (this.#columns.has('response_code')) conditions.push(`response_code = ${code}`)
    // Requests, and what is not SIP, have the code 0.
    else if (value === '0') return ALWAYS
    if (this.#columns.has('cseq_method')) conditions.push(`cseq_method = ${this.#parameters.text(value.toUpperCase())}`)
    else if (value === '') return ALWAYS
    return anyOf(conditions)
  }

  /** One end of a hop: `10.0.0.1:5060` or `[2001:db8::1]:5060`; undefined if the word is none. */
  #endpoint(value: string): string | undefined {
    const [, ipv4, ipv6, port = ''] = /^(?:([\d.]+)|\[([^\]]+)\]):(\d{1,5})$/.exec(value) ?? []
    const network = parseNetwork(ipv4 ?? ipv6 ?? '')
    if (network === undefined) return undefined
    return anyOf([
      allOf([this.#port('src_port', port), networkSql(this.#parameters, 'src_ip', network)]),
      allOf([this.#port('dst_port', port), networkSql(this.#parameters, 'dst_ip', network)]),
    ])
  }
}
