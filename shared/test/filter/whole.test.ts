import { describe, expect, it } from 'vitest'
import { parseExpression } from '../../src/filter/expression.ts'
import { compileFilter, parseFilter } from '../../src/filter/filter.ts'
import type { RowPredicate } from '../../src/filter/row-predicate.ts'
import { compileExpression } from '../../src/filter/match.ts'
import { blockOf, hepOf, sipText } from '../event/rows.ts'

const call = (callId: string, user: string): string =>
  sipText('INVITE sip:bob@h SIP/2.0', `Call-ID: ${callId}`, 'CSeq: 1 INVITE', `From: <sip:${user}@h>;tag=1`)

const block = blockOf([
  hepOf(call('abc', 'alice'), { srcIp: '10.1.2.3' }),
  hepOf(call('abcd', 'alice2'), { srcIp: '192.168.0.1' }),
  hepOf(call('ABC', 'bob')),
])

function rows(predicate: RowPredicate): number[] {
  return [0, 1, 2].filter((row) => predicate(block, row))
}

describe('parameters of the stream', () => {
  it.each([
    { query: 'callid=abc', expected: [0, 2] },
    { query: 'callid=abc*', expected: [0, 1, 2] },
    { query: 'callid=abcd&callid=x', expected: [1] },
    { query: 'user=alice', expected: [0] },
    { query: 'user=alice*', expected: [0, 1] },
    { query: 'user=bob', expected: [0, 1, 2] },
    { query: 'user=alice&callid=abcd', expected: [] },
    { query: 'ip=10.0.0.0/8&user=alice', expected: [0] },
    { query: 'ip=192.168.0.0/16', expected: [1] },
  ])('$query lets pass $expected', ({ query, expected }) => {
    expect(rows(compileFilter(parseFilter(new URLSearchParams(query))))).toEqual(expected)
  })
})

describe('the equals sign of an expression', () => {
  it.each([
    { text: 'from:alice', expected: [0, 1] },
    { text: 'from=alice', expected: [0] },
    { text: 'not from=alice', expected: [1, 2] },
    { text: 'callid=ABC or from=alice2', expected: [0, 1, 2] },
    { text: 'from="alice"', expected: [0] },
    { text: 'code=200', expected: [] },
  ])('$text lets pass $expected', ({ text, expected }) => {
    const parsed = parseExpression(text)
    if (!parsed.ok) throw new Error(parsed.message)
    expect(rows(compileExpression(parsed.expression))).toEqual(expected)
  })

  it('takes a word with an unknown name before it for text', () => {
    expect(parseExpression('branch=z9hG4bK')).toMatchObject({ ok: true, expression: { field: 'text' } })
  })

  it('wants a value', () => {
    expect(parseExpression('from=')).toEqual({ ok: false, at: 5, message: '"from=" has no value' })
  })
})
