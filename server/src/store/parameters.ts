import {
  BIGINT,
  BOOLEAN,
  type DuckDBType,
  type DuckDBValue,
  DuckDBTimestampValue,
  LIST,
  listValue,
  TIMESTAMP,
  UINTEGER,
  VARCHAR,
} from '@duckdb/node-api'
import type { Condition, TimeRange } from './search-request.ts'

/**
 * SQL with its parameters.
 *
 * One without any has no `values` either, so that `run` plans it in the step that runs it. A statement that is given
 * values, or that is streamed, is prepared first, and DuckDB plans it anew when it runs only if there are some: the old
 * plan trusts what the smallest and largest numbers of a table were, and mangles the numbers of rows that were inserted
 * in between.
 */
export interface Statement {
  readonly sql: string
  readonly values?: Readonly<Record<string, DuckDBValue>>
  readonly types?: Readonly<Record<string, DuckDBType>>
}

/** Values of a statement, each bound under a name of its own. The methods return SQL that names them. */
export class Parameters {
  readonly #values: Record<string, DuckDBValue> = {}
  readonly #types: Record<string, DuckDBType> = {}
  readonly #texts = new Map<string, string>()
  #count = 0

  /** One text; the same text has the same name. */
  text(value: string): string {
    let name = this.#texts.get(value)
    if (name === undefined) this.#texts.set(value, (name = this.#add(value, VARCHAR)))
    return name
  }

  /** A statement with the values that it names; DuckDB refuses others. */
  statement(sql: string): Statement {
    const names = new Set(sql.match(/\$p\d+/g))
    if (names.size === 0) return { sql }
    const named = <T>(all: Readonly<Record<string, T>>): Record<string, T> =>
      Object.fromEntries(Object.entries(all).filter(([name]) => names.has(`$${name}`)))
    return { sql, values: named(this.#values), types: named(this.#types) }
  }

  /** A comma-separated list of texts; `''` for none. */
  texts(values: readonly string[]): string {
    return values.map((value) => this.text(value)).join(', ')
  }

  /** One list of texts. */
  list(values: readonly string[]): string {
    return this.#add(listValue(values), LIST(VARCHAR))
  }

  /** A condition that always holds: for a statement that may have no other value, see `Statement`. */
  always(): string {
    return this.#add(true, BOOLEAN)
  }

  /** Condition on `timestamp`; `''` for any time. */
  time({ from, to }: TimeRange): string {
    const conditions: string[] = []
    const timestamp = (ms: number) => this.#add(new DuckDBTimestampValue(BigInt(ms) * 1000n), TIMESTAMP)
    if (from !== undefined) conditions.push(`timestamp >= ${timestamp(from)}`)
    // `to` names a whole millisecond.
    if (to !== undefined) conditions.push(`timestamp < ${timestamp(to + 1)}`)
    return conditions.join(' AND ')
  }

  /** Name of a number that is known, and given, only when the statement runs. */
  later(): string {
    return this.#add(null, BIGINT).slice(1)
  }

  condition({ columns, match, values }: Condition): string {
    const list = values
      .map((value) => {
        if (typeof value === 'number') return this.#add(value, UINTEGER)
        return this.#add(match === 'like' ? likePattern(value) : value, VARCHAR)
      })
      .join(', ')
    const alternatives = columns.map((column) => {
      switch (match) {
        case 'equals':
          return `${column} IN (${list})`
        case 'like':
          return `${column} LIKE ${list} ESCAPE '\\'`
        case 'contains':
          return `contains(${column}, ${list})`
        case 'contains-any-case':
          return `contains(lower(${column}), lower(${list}))`
      }
    })
    return `(${alternatives.join(' OR ')})`
  }

  #add(value: DuckDBValue, type: DuckDBType): string {
    const name = `p${this.#count++}`
    this.#values[name] = value
    this.#types[name] = type
    return `$${name}`
  }
}

/** Only `%` is special to our users; Call-IDs are full of `_`. */
function likePattern(value: string): string {
  return value.replace(/[\\_]/g, '\\$&')
}
