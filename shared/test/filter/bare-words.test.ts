import { describe, expect, it } from 'vitest'
import { FIELDS, parseExpression } from '../../src/filter/expression.ts'
import { compileExpression } from '../../src/filter/match.ts'
import { blockOf, hepOf, sipText } from '../event/rows.ts'

const PACKETS = {
  there: hepOf(sipText('OPTIONS sip:codec@h SIP/2.0'), {
    srcIp: '10.0.0.1',
    srcPort: 5060,
    dstIp: '10.0.0.2',
    dstPort: 5070,
  }),
  back: hepOf(sipText('SIP/2.0 200 OK'), { srcIp: '10.0.0.2', srcPort: 5070, dstIp: '10.0.0.1', dstPort: 5060 }),
  other: hepOf(sipText('SIP/2.0 200 OK'), { srcIp: '10.0.0.1', srcPort: 5070, dstIp: '10.0.9.2', dstPort: 5060 }),
  ipv6: hepOf(sipText('FOO sip:h SIP/2.0'), {
    srcIp: '2001:db8::1',
    srcPort: 5060,
    dstIp: '2001:db8::2',
    dstPort: 5061,
  }),
}
const block = blockOf(Object.values(PACKETS))

function matching(text: string): string[] {
  const result = parseExpression(text)
  if (!result.ok) throw new Error(result.message)
  const predicate = compileExpression(result.expression)
  return Object.keys(PACKETS).filter((_, row) => predicate(block, row))
}

describe('parseExpression', () => {
  it.each(FIELDS.map((field) => ({ word: `${field}s` })))('takes the bare word "$word" for no field', ({ word }) => {
    expect(parseExpression(word)).toEqual({
      ok: true,
      expression: { kind: 'condition', field: 'text', value: word, whole: false, at: 0 },
    })
  })
})

describe('compileExpression', () => {
  it.each([
    { text: 'codec', rows: ['there'] },
    { text: '10.0.0.1:5060', rows: ['there', 'back'] },
    { text: '10.0.0.2:5070', rows: ['there', 'back'] },
    { text: '10.0.0.1:5070', rows: ['other'] },
    { text: '10.0.9.2:5070', rows: [] },
    { text: '10.0.0.1:506', rows: [] },
    { text: '[2001:db8::1]:5060', rows: ['ipv6'] },
    { text: '[2001:DB8:0::2]:5061', rows: ['ipv6'] },
    { text: '[2001:db8::1]:5061', rows: [] },
    { text: '-10.0.0.1:5060', rows: ['other', 'ipv6'] },
    { text: '10.0.9.0/24', rows: ['other'] },
    { text: '2001:db8::/32', rows: ['ipv6'] },
    { text: '2001:DB8:0:0::1', rows: ['ipv6'] },
    { text: '10.0.0.256:5060', rows: [] },
    { text: '[proxy]:5060', rows: [] },
  ])('finds rows by the bare word $text', ({ text, rows }) => {
    expect(matching(text)).toEqual(rows)
  })
})
