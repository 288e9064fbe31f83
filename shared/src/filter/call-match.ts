import type { EventBlock } from '../event/block.ts'
import type { Call } from '../call/call.ts'
import { TRAITS } from '../call/problem.ts'
import type { CallCondition, CallExpression } from './call-expression.ts'
import { compileExpression } from './match.ts'

/**
 * An expression over calls as functions. A call matches if `onCall` holds of it and `onEvent` of one of its events.
 *
 * The parts that "and" joins are looked at apart, so that an event that matched need not be found again when only
 * the call has changed.
 */
export interface CallMatcher {
  readonly onCall: (call: Call) => boolean
  /** Undefined if nothing is asked of events. */
  readonly onEvent: ((block: EventBlock, row: number, call: Call) => boolean) | undefined
  /** `onEvent` looks at the call too, so an event that did not match may do so when the call has changed. */
  readonly mixes: boolean
  /** It names a kind of dialog, so calls are not meant unless it says so. */
  readonly namesKind: boolean
}

export function compileCallExpression(expression: CallExpression): CallMatcher {
  const parts = expression.kind === 'and' ? expression.parts : [expression]
  const ofCalls = parts.filter((part) => !mentions(part, 'condition'))
  const ofEvents = parts.filter((part) => mentions(part, 'condition'))
  const onCalls = ofCalls.map(compileForCall)
  const onEvents = ofEvents.map(compileForEvent)
  return {
    onCall: (call) => onCalls.every((holds) => holds(call)),
    onEvent:
      onEvents.length === 0 ? undefined : (block, row, call) => onEvents.every((holds) => holds(block, row, call)),
    mixes: ofEvents.some((part) => mentions(part, 'call')),
    namesKind: parts.some((part) => hasKind(part)),
  }
}

type EventPredicate = (block: EventBlock, row: number, call: Call) => boolean

function compileForEvent(expression: CallExpression): EventPredicate {
  switch (expression.kind) {
    case 'and': {
      const parts = expression.parts.map(compileForEvent)
      return (block, row, call) => parts.every((part) => part(block, row, call))
    }
    case 'or': {
      const parts = expression.parts.map(compileForEvent)
      return (block, row, call) => parts.some((part) => part(block, row, call))
    }
    case 'not': {
      const part = compileForEvent(expression.part)
      return (block, row, call) => !part(block, row, call)
    }
    case 'condition':
      return compileExpression(expression)
    case 'call': {
      const holds = compileCondition(expression)
      return (_block, _row, call) => holds(call)
    }
  }
}

/** Of an expression that asks nothing of events. */
function compileForCall(expression: CallExpression): (call: Call) => boolean {
  switch (expression.kind) {
    case 'and': {
      const parts = expression.parts.map(compileForCall)
      return (call) => parts.every((part) => part(call))
    }
    case 'or': {
      const parts = expression.parts.map(compileForCall)
      return (call) => parts.some((part) => part(call))
    }
    case 'not': {
      const part = compileForCall(expression.part)
      return (call) => !part(call)
    }
    case 'call':
      return compileCondition(expression)
    case 'condition':
      return () => false
  }
}

function compileCondition({ field, value }: CallCondition): (call: Call) => boolean {
  switch (field) {
    case 'is':
      return TRAITS[value]?.holds ?? (() => false)
    case 'state':
      return (call) => call.state === value
    case 'kind':
      return (call) => call.kind === value
  }
}

function mentions(expression: CallExpression, kind: 'condition' | 'call'): boolean {
  switch (expression.kind) {
    case 'and':
    case 'or':
      return expression.parts.some((part) => mentions(part, kind))
    case 'not':
      return mentions(expression.part, kind)
    default:
      return expression.kind === kind
  }
}

function hasKind(expression: CallExpression): boolean {
  switch (expression.kind) {
    case 'and':
    case 'or':
      return expression.parts.some(hasKind)
    case 'not':
      return hasKind(expression.part)
    case 'call':
      return expression.field === 'kind'
    case 'condition':
      return false
  }
}
