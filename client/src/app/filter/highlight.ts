import { CALL_FIELDS, FIELDS } from '@hepscope/shared/filter/expression.ts'

export interface FilterToken {
  readonly kind: 'field' | 'operator' | 'value'
  readonly text: string
}

const PIECE = /(\s+|[()]|[!-](?=\S))|((?:[a-z]+:)?)((?:"[^"]*"?|[^\s()"])+)/gi
const NAMES: ReadonlySet<string> = new Set([...FIELDS, ...CALL_FIELDS])
const OPERATORS: ReadonlySet<string> = new Set(['and', 'or', 'not'])

/** Pieces of a filter text for colouring; joined they are the text. Does not judge: `parseExpression` does. */
export function filterTokens(text: string): readonly FilterToken[] {
  const tokens: FilterToken[] = []
  for (const [, sign = '', prefix = '', rest = ''] of text.matchAll(PIECE)) {
    if (sign !== '') {
      tokens.push({ kind: sign === '!' || sign === '-' ? 'operator' : 'value', text: sign })
      continue
    }
    const isField = NAMES.has(prefix.slice(0, -1).toLowerCase())
    if (isField) {
      tokens.push({ kind: 'field', text: prefix }, { kind: 'value', text: rest })
    } else {
      const word = prefix + rest
      tokens.push({ kind: OPERATORS.has(word.toLowerCase()) ? 'operator' : 'value', text: word })
    }
  }
  return tokens
}
