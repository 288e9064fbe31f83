import { TRAITS } from '../call/problem.ts'
import type { CallKind } from '../call/call.ts'
import { STATE_CLASS } from '../call/state.ts'
import {
  CALL_FIELDS,
  type CallField,
  type Condition,
  type Expression,
  type ParsedExpression,
  parseWith,
  SyntaxFault,
  type Token,
  wordCondition,
} from './expression.ts'

/** What a whole call must be, e.g. `is:failed` or `state:busy`. */
export interface CallCondition {
  readonly kind: 'call'
  readonly field: CallField
  readonly value: string
  readonly at: number
}

/** An expression over calls: on the call itself, and on some message of it. */
export type CallExpression = Expression<Condition | CallCondition>

const KINDS: Readonly<Record<CallKind, true>> = {
  call: true,
  registration: true,
  subscription: true,
  options: true,
  message: true,
  other: true,
}

/** Every value that a field of calls can have. */
export const CALL_VALUES: Readonly<Record<CallField, readonly string[]>> = {
  is: Object.keys(TRAITS),
  state: Object.keys(STATE_CLASS),
  kind: Object.keys(KINDS),
}

/** Like `parseExpression`, with the fields of calls as well. */
export function parseCallExpression(text: string): ParsedExpression<Condition | CallCondition> {
  return parseWith<CallCondition>(text, readCondition)
}

function readCondition(token: Token): CallCondition | Condition {
  const sign = token.text.search(/[:=]/)
  const name = token.text.slice(0, Math.max(0, sign)).toLowerCase()
  const field = CALL_FIELDS.find((known) => known === name)
  if (field === undefined) return wordCondition(token)
  const value = token.text.slice(sign + 1).toLowerCase()
  const at = token.at + sign + 1
  const values = CALL_VALUES[field]
  if (value === '') throw new SyntaxFault(at, `"${name}:" has no value; there are ${values.join(', ')}`)
  if (!values.includes(value)) {
    throw new SyntaxFault(at, `"${value}" is no value of "${name}"; there are ${values.join(', ')}`)
  }
  return { kind: 'call', field, value, at: token.at }
}
