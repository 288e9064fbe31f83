import { type CallCondition, type CallExpression, parseCallExpression } from './call-expression.ts'
import type { Condition } from './expression.ts'
import { textMatcher } from './match.ts'

/**
 * The filter expression, over messages or calls, by which a node that calls itself `own` finds what `text` means where the node is called `name`.
 *
 * Events that the node has from a time when it had another name are found by that one, as before.
 *
 * @returns the same text if it does not ask for nodes, or cannot be read
 */
export function renameNodeIn(text: string, name: string, own: string): string {
  const parsed = parseCallExpression(text)
  if (name === own || !parsed.ok) return text
  let nodeCount = 0
  const rename = (expression: CallExpression): string => {
    switch (expression.kind) {
      case 'and':
      case 'or':
        return `(${expression.parts.map(rename).join(` ${expression.kind} `)})`
      case 'not':
        return `not ${rename(expression.part)}`
      case 'call':
        return formatCallCondition(expression)
      case 'condition': {
        const same = formatCondition(expression)
        if (expression.field !== 'node') return same
        nodeCount++
        // An expression has no way to write a quote in a value.
        const isOwn = `node="${own.replaceAll('"', '*')}"`
        const isMeant = textMatcher(expression.value, expression.whole ? 'whole' : 'part')(name)
        return isMeant ? `(${isOwn} or ${same})` : `(${same} and not ${isOwn})`
      }
    }
  }
  const renamed = rename(parsed.expression)
  return nodeCount > 0 ? renamed : text
}

function formatCondition({ field, value, whole }: Condition): string {
  // A bare value may be empty.
  return field === 'text' && !whole ? `"${value}"` : `${field}${whole ? '=' : ':'}"${value}"`
}

function formatCallCondition({ field, value }: CallCondition): string {
  return `${field}:${value}`
}
