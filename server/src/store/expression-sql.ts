import type { Condition, Expression, Field } from '@hepscope/shared/filter/expression.ts'
import { formatIp } from '@hepscope/shared/net/ip.ts'
import { type Network, parseNetwork } from '@hepscope/shared/net/network.ts'
import type { Parameters } from './parameters.ts'
import { columnsOf, kindOf, protoOf, type TableName } from './schema.ts'

const NEVER = 'FALSE'
const ALWAYS = 'TRUE'

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
export function expressionSql(expression: Expression, table: TableName, parameters: Parameters): string {
  return new TableExpression(table, parameters).sql(expression)
}

type MatchMode = 'whole' | 'part'

class TableExpression {
  readonly #table: TableName
  readonly #parameters: Parameters
  readonly #columns: ReadonlySet<string>

  constructor(table: TableName, parameters: Parameters) {
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
        return anyOf([this.#network('src_ip', parseNetwork(value)), this.#network('dst_ip', parseNetwork(value))])
      case 'src':
      case 'dst':
        return this.#network(`${field}_ip`, parseNetwork(value))
      case 'port':
        return anyOf([this.#port('src_port', value), this.#port('dst_port', value)])
      case 'proto':
        return Number(value) === protoOf(this.#table) ? ALWAYS : NEVER
      case 'agent':
        return anyOf([`node_id = ${this.#parameters.text(value)}`, this.#match('agent_name', value, mode)])
      case 'node':
        return this.#match('node', value, mode)
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

  #network(column: string, network: Network | undefined): string {
    if (network === undefined) return NEVER
    const { address, prefixBits } = network
    if (prefixBits === address.length * 8) {
      return `${column} = ${this.#parameters.text(formatIp(address, 0, address.length))}`
    }
    return address.length === 4 ? this.#network4(column, network) : this.#network6(column, network)
  }

  /** The numbers before the prefix ends as text, and the bounds of the one that it ends in. */
  #network4(column: string, { address, prefixBits }: Network): string {
    const whole = prefixBits >> 3
    const start = `${[...address.subarray(0, whole)].join('.')}.`
    const isIpv4 = `(${column} <> '' AND NOT contains(${column}, ':'))`
    const conditions = whole === 0 ? [isIpv4] : [`starts_with(${column}, ${this.#parameters.text(start)})`]
    const rest = prefixBits & 7
    if (rest !== 0) {
      const size = 1 << (8 - rest)
      const least = (address[whole] ?? 0) & ~(size - 1)
      const part = `TRY_CAST(split_part(${column}, '.', ${whole + 1}) AS UINTEGER)`
      conditions.push(`${part} BETWEEN ${least} AND ${least + size - 1}`)
    }
    return caseOf(isIpv4, allOf(conditions))
  }

  /** On the 32 hex digits of the address, four bits each: those that the prefix may begin with. */
  #network6(column: string, { address, prefixBits }: Network): string {
    const digits = Array.from(address, (byte) => byte.toString(16).padStart(2, '0')).join('')
    const whole = prefixBits >> 2
    const rest = prefixBits & 3
    const start = digits.slice(0, whole)
    const size = 1 << (4 - rest)
    const least = parseInt(digits.charAt(whole), 16) & ~(size - 1)
    const starts = rest === 0 ? [start] : Array.from({ length: size }, (_, i) => `${start}${(least + i).toString(16)}`)
    const length = start.length + (rest === 0 ? 0 : 1)
    const groups = leadingGroups(address, prefixBits)
    const guard =
      groups.length === 0
        ? `contains(${column}, ':')`
        : `starts_with(${column}, ${this.#parameters.text(`${groups.join(':')}:`)})`
    if (prefixBits === groups.length * 16) return guard
    const isInside = `substr(${hexDigits(column)}, 1, ${length}) IN (${this.#parameters.texts(starts)})`
    return caseOf(guard, isInside)
  }

  #anywhere(value: string): string {
    const endpoint = this.#endpoint(value)
    if (endpoint !== undefined) return endpoint
    const network = parseNetwork(value)
    const conditions = [
      this.#texts(ANYWHERE, value, 'part'),
      this.#match('src_ip', value, 'part'),
      this.#match('dst_ip', value, 'part'),
      this.#network('src_ip', network),
      this.#network('dst_ip', network),
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
      allOf([this.#port('src_port', port), this.#network('src_ip', network)]),
      allOf([this.#port('dst_port', port), this.#network('dst_ip', network)]),
    ])
  }
}

/** Groups that the text of every address in the network begins with: those before the first that is 0 or not whole. */
function leadingGroups(address: Uint8Array, prefixBits: number): string[] {
  const groups: string[] = []
  for (let i = 0; 16 * (i + 1) <= prefixBits; i++) {
    const group = ((address[2 * i] ?? 0) << 8) | (address[2 * i + 1] ?? 0)
    if (group === 0) break
    groups.push(group.toString(16))
  }
  return groups
}

/** The 32 hex digits of an address in RFC 5952's form. */
function hexDigits(column: string): string {
  const head = groupDigits(`split_part(${column}, '::', 1)`)
  const tail = groupDigits(`split_part(${column}, '::', 2)`)
  return `(rpad(${head}, CAST(32 - length(${tail}) AS INTEGER), '0') || ${tail})`
}

/** Groups with zeros in front, then the last four digits of each without what stands between them. */
function groupDigits(groups: string): string {
  const padded = `regexp_replace(${groups}, '([0-9a-f]+)', '000\\1', 'g')`
  return `regexp_replace(${padded}, '0*([0-9a-f]{4})(:|$)', '\\1', 'g')`
}

function wildcardPattern(wanted: string): string {
  return wanted.replace(/[\\%_]/g, '\\$&').replaceAll('*', '%')
}

function caseOf(guard: string, condition: string): string {
  return `CASE WHEN ${guard} THEN ${condition} ELSE FALSE END`
}

function allOf(conditions: readonly string[]): string {
  if (conditions.includes(NEVER)) return NEVER
  return joined(conditions, ALWAYS, 'AND')
}

function anyOf(conditions: readonly string[]): string {
  if (conditions.includes(ALWAYS)) return ALWAYS
  return joined(conditions, NEVER, 'OR')
}

function joined(conditions: readonly string[], neutral: string, word: 'AND' | 'OR'): string {
  const rest = conditions.filter((condition) => condition !== neutral)
  if (rest.length === 0) return neutral
  return rest.length === 1 ? (rest[0] ?? neutral) : `(${rest.join(` ${word} `)})`
}

function not(condition: string): string {
  if (condition === ALWAYS) return NEVER
  return condition === NEVER ? ALWAYS : `(NOT ${condition})`
}
