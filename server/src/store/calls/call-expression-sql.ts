import type { CallCondition, CallExpression } from '@hepscope/shared/filter/call-expression.ts'
import type { Condition, Field } from '@hepscope/shared/filter/expression.ts'
import { parseNetwork } from '@hepscope/shared/net/network.ts'
import { allOf, anyOf, NEVER, not, wildcardPattern } from '../logic-sql.ts'
import { networkSql } from '../network-sql.ts'
import type { Parameters } from '../parameters.ts'
import type { CallColumn } from './columns.ts'

/** Columns behind the fields that speak of a text; lists hold if one of their entries does. */
const TEXT_FIELDS = {
  from: ['caller'],
  to: ['callee', 'ruri_user'],
  user: ['caller', 'callee', 'ruri_user'],
  ua: ['uac', 'uas'],
} as const satisfies Readonly<Record<string, readonly CallColumn[]>>

/** Columns of the texts that a bare word is looked for in. */
const ANYWHERE: readonly CallColumn[] = ['caller', 'callee', 'ruri_user', 'from_host', 'to_host', 'reason']
const ANYWHERE_LISTS: readonly CallColumn[] = ['call_ids', 'agent_names', 'route']

/** Address of an endpoint of the route. */
const ADDRESS = `regexp_extract(entry, '^\\[?([^\\]]*)\\]?:\\d+$', 1)`

/** A part of an expression that says nothing of whole calls, and its place in the text; undefined if there is none. */
export function refusalOf(expression: CallExpression): { readonly message: string; readonly at: number } | undefined {
  switch (expression.kind) {
    case 'and':
    case 'or':
      return expression.parts.map(refusalOf).find((fault) => fault !== undefined)
    case 'not':
      return refusalOf(expression.part)
    case 'condition':
      return isOfPackets(expression.field)
        ? {
            message: `"${expression.field}" is about single packets, and here whole calls are looked at`,
            at: expression.at,
          }
        : undefined
    case 'call':
      return undefined
  }
}

/**
 * An expression over calls as an SQL condition on the stored columns of `hepscope_calls`.
 *
 * What the live list asks of a single message is asked of the call here: `from:a code:486` is a call from `a` that was
 * answered with 486, and `code:` means the answer that decided.
 *
 * @param parameters gets the values: none of them becomes SQL text
 */
export function callExpressionSql(expression: CallExpression, parameters: Parameters): string {
  switch (expression.kind) {
    case 'and':
      return allOf(expression.parts.map((part) => callExpressionSql(part, parameters)))
    case 'or':
      return anyOf(expression.parts.map((part) => callExpressionSql(part, parameters)))
    case 'not':
      return not(callExpressionSql(expression.part, parameters))
    case 'condition':
      return messageCondition(expression, parameters)
    case 'call':
      return callCondition(expression, parameters)
  }
}

function callCondition({ field, value }: CallCondition, parameters: Parameters): string {
  const wanted = parameters.text(value)
  switch (field) {
    case 'is':
      return `list_contains(traits, ${wanted})`
    case 'state':
      return `state = ${wanted}`
    case 'kind':
      return `kind = ${wanted}`
  }
}

function messageCondition({ field, value, whole }: Condition, parameters: Parameters): string {
  switch (field) {
    case 'method':
      return anyEntry('methods', matches(parameters, 'entry', value, true))
    case 'code':
      return codeIs(value)
    case 'from':
    case 'to':
    case 'user':
    case 'ua':
      return anyOf(TEXT_FIELDS[field].map((column) => textIs(parameters, column, value, whole)))
    case 'callid':
      return anyEntry('call_ids', matches(parameters, 'entry', value, whole))
    case 'ip':
      return anyEntry('route', networkSql(parameters, ADDRESS, parseNetwork(value)))
    case 'src':
    case 'dst':
      return networkSql(parameters, `${field}_ip`, parseNetwork(value))
    case 'port':
      return anyEntry('route', `ends_with(entry, ${parameters.text(`:${Number(value)}`)})`)
    case 'agent': {
      const byName = anyEntry('agent_names', matches(parameters, 'entry', value, whole))
      return anyOf([anyEntry('agent_ids', `CAST(entry AS VARCHAR) = ${parameters.text(value)}`), byName])
    }
    case 'node':
      return anyEntry('nodes', matches(parameters, 'entry', value, whole))
    case 'text':
      return anywhere(value, parameters)
    case 'proto':
    case 'epoch':
    case 'seq':
      return NEVER
  }
}

function isOfPackets(field: Field): boolean {
  return field === 'proto' || field === 'epoch' || field === 'seq'
}

function codeIs(value: string): string {
  if (!/xx$/i.test(value)) return `status_code = ${Number(value)}`
  const least = Number(value.charAt(0)) * 100
  return `status_code BETWEEN ${least} AND ${least + 99}`
}

function anywhere(value: string, parameters: Parameters): string {
  const network = parseNetwork(value)
  const conditions = [
    ...ANYWHERE.map((column) => textIs(parameters, column, value, false)),
    ...ANYWHERE_LISTS.map((column) => anyEntry(column, matches(parameters, 'entry', value, false))),
    anyEntry('methods', `entry = ${parameters.text(value.toUpperCase())}`),
  ]
  if (network !== undefined) conditions.push(anyEntry('route', networkSql(parameters, ADDRESS, network)))
  if (/^[1-6]\d\d$/.test(value)) conditions.push(codeIs(value))
  return anyOf(conditions)
}

/** A column that is not empty and matches. */
function textIs(parameters: Parameters, column: CallColumn, value: string, whole: boolean): string {
  return allOf([`${column} <> ''`, matches(parameters, column, value, whole)])
}

/** Case does not count. `*` stands for any text and then the whole must match; without it a part is enough. */
function matches(parameters: Parameters, text: string, value: string, whole: boolean): string {
  const wanted = value.toLowerCase()
  if (wanted.includes('*')) return `lower(${text}) LIKE ${parameters.text(wildcardPattern(wanted))} ESCAPE '\\'`
  const parameter = parameters.text(wanted)
  return whole ? `lower(${text}) = ${parameter}` : `contains(lower(${text}), ${parameter})`
}

/** @param condition on `entry` */
export function anyEntry(column: CallColumn, condition: string): string {
  return condition === NEVER ? NEVER : `len(list_filter(${column}, lambda entry: ${condition})) > 0`
}
