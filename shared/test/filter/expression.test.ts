import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { type Expression, FIELDS, parseExpression } from '../../src/filter/expression.ts'

/** An expression with all its parentheses, e.g. `and(method:INVITE@0, not(text:x@14))`. */
function shown(expression: Expression): string {
  switch (expression.kind) {
    case 'condition':
      return `${expression.field}:${expression.value}@${expression.at}`
    case 'not':
      return `not(${shown(expression.part)})`
    default:
      return `${expression.kind}(${expression.parts.map(shown).join(', ')})`
  }
}

const FIELD_LIST = FIELDS.join(', ')

describe('parseExpression', () => {
  it.each([
    { text: 'a', expected: 'text:a@0' },
    { text: '  a  ', expected: 'text:a@2' },
    { text: 'method:INVITE', expected: 'method:INVITE@0' },
    { text: 'METHOD:invite', expected: 'method:invite@0' },
    { text: 'a b', expected: 'and(text:a@0, text:b@2)' },
    { text: 'a and b AND c', expected: 'and(text:a@0, text:b@6, text:c@12)' },
    { text: 'a or b Or c', expected: 'or(text:a@0, text:b@5, text:c@10)' },
    { text: 'a or b c', expected: 'or(text:a@0, and(text:b@5, text:c@7))' },
    { text: 'a b or c', expected: 'or(and(text:a@0, text:b@2), text:c@7)' },
    { text: 'a (b or c)', expected: 'and(text:a@0, or(text:b@3, text:c@8))' },
    { text: '((a))', expected: 'text:a@2' },
    { text: '(a)(b)', expected: 'and(text:a@1, text:b@4)' },
    { text: 'not a', expected: 'not(text:a@4)' },
    { text: '-a', expected: 'not(text:a@1)' },
    { text: '!a', expected: 'not(text:a@1)' },
    { text: 'NOT -! a', expected: 'not(not(not(text:a@7)))' },
    { text: 'not a or b', expected: 'or(not(text:a@4), text:b@9)' },
    { text: 'a not b', expected: 'and(text:a@0, not(text:b@6))' },
    { text: '-(a b)', expected: 'not(and(text:a@2, text:b@4))' },
    { text: 'a-b', expected: 'text:a-b@0' },
    { text: '-', expected: 'text:-@0' },
    { text: 'order', expected: 'text:order@0' },
    { text: 'codec', expected: 'text:codec@0' },
    { text: 'users', expected: 'text:users@0' },
    { text: 'ips', expected: 'text:ips@0' },
    { text: '"a or b"', expected: 'text:a or b@0' },
    { text: '"and"', expected: 'text:and@0' },
    { text: '"method:INVITE"', expected: 'text:method:INVITE@0' },
    { text: '"("', expected: 'text:(@0' },
    { text: 'from:"Alice B"', expected: 'from:Alice B@0' },
    { text: 'from:A"l i"ce', expected: 'from:Al ice@0' },
    { text: 'ua:"a (b)" c', expected: 'and(ua:a (b)@0, text:c@11)' },
    { text: 'callid:a:b@c', expected: 'callid:a:b@c@0' },
    { text: '10.0.0.1:5060', expected: 'text:10.0.0.1:5060@0' },
    { text: '2001:db8::1', expected: 'text:2001:db8::1@0' },
    { text: 'fe80::1', expected: 'text:fe80::1@0' },
    { text: 'abc:1', expected: 'text:abc:1@0' },
    { text: '::1', expected: 'text:::1@0' },
    { text: 'sip:alice@h', expected: 'text:sip:alice@h@0' },
    { text: 'tel:911', expected: 'text:tel:911@0' },
    { text: 'code:486', expected: 'code:486@0' },
    { text: 'code:4XX', expected: 'code:4XX@0' },
    { text: 'port:65535', expected: 'port:65535@0' },
    { text: 'proto:255', expected: 'proto:255@0' },
    { text: 'seq:9007199254740991', expected: 'seq:9007199254740991@0' },
    { text: 'ip:2001:db8::/32', expected: 'ip:2001:db8::/32@0' },
    { text: 'src:[2001:db8::1]', expected: 'src:[2001:db8::1]@0' },
    { text: 'dst:10.0.0.0/8', expected: 'dst:10.0.0.0/8@0' },
    { text: 'from:ål*', expected: 'from:ål*@0' },
  ])('reads "$text"', ({ text, expected }) => {
    const result = parseExpression(text)
    expect(result.ok ? shown(result.expression) : result).toBe(expected)
  })

  it.each([
    { text: '', at: 0, message: 'a condition is missing here' },
    { text: '   ', at: 3, message: 'a condition is missing here' },
    { text: 'a and', at: 5, message: 'a condition is missing here' },
    { text: 'a or ', at: 5, message: 'a condition is missing here' },
    { text: 'not', at: 3, message: 'a condition is missing here' },
    { text: '!', at: 1, message: 'a condition is missing here' },
    { text: '(', at: 1, message: 'a condition is missing here' },
    { text: '()', at: 1, message: 'a condition is missing before ")"' },
    { text: 'a and )', at: 6, message: 'a condition is missing before ")"' },
    { text: 'or a', at: 0, message: 'a condition is missing before "or"' },
    { text: 'a or OR b', at: 5, message: 'a condition is missing before "OR"' },
    { text: 'a and and b', at: 6, message: 'a condition is missing before "and"' },
    { text: 'not or a', at: 4, message: 'a condition is missing before "or"' },
    { text: '(a', at: 0, message: 'this "(" is not closed' },
    { text: 'a ((b)', at: 2, message: 'this "(" is not closed' },
    { text: 'a)', at: 1, message: 'no "(" before this ")"' },
    { text: 'from:"a b', at: 5, message: 'the quote is not closed' },
    { text: 'method:', at: 7, message: '"method:" has no value' },
    { text: 'a callid:""', at: 9, message: '"callid:" has no value' },
    { text: 'a metod:INVITE', at: 2, message: `no field "metod"; there are ${FIELD_LIST}` },
    { text: 'Host:x', at: 0, message: `no field "host"; there are ${FIELD_LIST}` },
    { text: 'code:700', at: 5, message: '"700" is no status code; use 486 or 4xx' },
    { text: 'code:48', at: 5, message: '"48" is no status code; use 486 or 4xx' },
    { text: 'code:4x', at: 5, message: '"4x" is no status code; use 486 or 4xx' },
    { text: 'port:65536', at: 5, message: '"65536" is no port (0 to 65535)' },
    { text: 'port:-1', at: 5, message: '"-1" is no port (0 to 65535)' },
    { text: 'proto:256', at: 6, message: '"256" is no HEP protocol type (0 to 255)' },
    { text: 'seq:-1', at: 4, message: '"-1" is no number that an event has' },
    { text: 'seq:9007199254740992', at: 4, message: '"9007199254740992" is no number that an event has' },
    { text: 'epoch:now', at: 6, message: '"now" is no number that an event has' },
    { text: 'proto:SIP', at: 6, message: '"SIP" is no HEP protocol type (0 to 255)' },
    { text: 'ip:10.0.0.0/33', at: 3, message: '"10.0.0.0/33" is no IP address or network such as 10.0.0.0/8' },
    { text: 'a src:proxy', at: 6, message: '"proxy" is no IP address or network such as 10.0.0.0/8' },
    { text: 'dst:10.0.*', at: 4, message: '"10.0.*" is no IP address or network such as 10.0.0.0/8' },
  ])('finds the fault in "$text"', ({ text, at, message }) => {
    expect(parseExpression(text)).toEqual({ ok: false, at, message })
  })

  it('reads 2,000 characters and no more', () => {
    expect(parseExpression('x'.repeat(2000)).ok).toBe(true)
    expect(parseExpression('x'.repeat(2001))).toEqual({ ok: false, at: 2000, message: 'longer than 2000 characters' })
  })

  it.each([
    { name: 'parentheses', open: '(', close: ')' },
    { name: 'negations', open: '!', close: '' },
  ])('nests 32 $name and no more', ({ open, close }) => {
    const nested = (depth: number) => parseExpression(`${open.repeat(depth)}a${close.repeat(depth)}`)
    expect(nested(32).ok).toBe(true)
    expect(nested(33)).toEqual({ ok: false, at: 33, message: 'nested deeper than 32' })
    expect(nested(900).ok).toBe(false)
  })

  it('never throws, and names a position in the text', () => {
    const pieces = [
      '(',
      ')',
      '"',
      '-',
      '!',
      ' ',
      'and',
      'or',
      'not',
      ':',
      '*',
      'a',
      '\u{1f600}',
      ...FIELDS.map((f) => `${f}:`),
    ]
    const text = fc.oneof(
      fc.string(),
      fc.array(fc.constantFrom(...pieces)).map((parts) => parts.join('')),
    )
    fc.assert(
      fc.property(text, (input) => {
        const result = parseExpression(input)
        return result.ok || (result.at >= 0 && result.at <= input.length && result.message !== '')
      }),
      { numRuns: 1000 },
    )
  })
})
