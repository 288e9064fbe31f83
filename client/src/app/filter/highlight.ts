import { CALL_FIELDS, FIELDS } from '@hepscope/shared/filter/expression.ts'

export interface FilterToken {
  readonly kind: 'field' | 'operator' | 'value'
  readonly text: string
}

const PIECE = /(\s+|[()]|[!-](?=\S))|((?:[a-z]+[:=])?)((?:"[^"]*"?|[^\s()"])+)/gi
const NAMES: ReadonlySet<string> = new Set([...FIELDS, ...CALL_FIELDS])
/** Their values tell nothing of who talks to whom. */
const OPEN_FIELDS: ReadonlySet<string> = new Set('method code port proto agent epoch seq is state kind'.split(' '))
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

/** The pieces with a dot for each letter of what tells who talks to whom. They are as long as they were. */
export function hiddenTokens(tokens: readonly FilterToken[]): readonly FilterToken[] {
  return tokens.map((token, i) => {
    const before = tokens[i - 1]
    const isOpen = before?.kind === 'field' && OPEN_FIELDS.has(before.text.slice(0, -1).toLowerCase())
    return token.kind !== 'value' || isOpen ? token : { ...token, text: token.text.replace(/[^\s()"]/g, '•') }
  })
}
