import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { parseExpression } from '../../src/filter/expression.ts'
import { compileExpression } from '../../src/filter/match.ts'
import type { RowPredicate } from '../../src/filter/row-predicate.ts'
import { blockOf, hepOf, sipText } from '../event/rows.ts'

function compiled(text: string): RowPredicate {
  const result = parseExpression(text)
  if (!result.ok) throw new Error(result.message)
  return compileExpression(result.expression)
}

const PACKETS = {
  invite: hepOf(
    sipText(
      'INVITE sip:+4512@gw.example SIP/2.0',
      'From: <sip:alice@a.example>;tag=1',
      'To: <sip:bob@b.example>',
      'Call-ID: Call-1@a',
      'CSeq: 1 INVITE',
      'User-Agent: Phone 1.0',
    ),
    { srcPort: 5070, agentName: 'edge-1', correlationId: 'Corr-9' },
  ),
  busy: hepOf(
    sipText(
      'SIP/2.0 486 Busy Here',
      'From: <sip:alice@a.example>',
      'To: <sip:bob@b.example>',
      'i: Call-1@a',
      'CSeq: 1 INVITE',
    ),
    { srcIp: '10.0.0.2', dstIp: '10.0.9.7', agentId: 7 },
  ),
  ipv6: hepOf(sipText('OPTIONS sip:h SIP/2.0', 'CSeq: 1 OPTIONS'), { srcIp: '2001:db8::1', dstIp: '2001:db8:1::2' }),
  foo: hepOf(sipText('FOO sip:h SIP/2.0', 'CSeq: 1 FOO')),
  log: hepOf('method INVITE failed', { protocolType: 100 }),
  empty: Uint8Array.from([0x48, 0x45, 0x50, 0x33, 0, 6]),
}
const NAMES = Object.keys(PACKETS)
const block = blockOf(Object.values(PACKETS))
const matching = (text: string) => NAMES.filter((_, row) => compiled(text)(block, row))

describe('compileExpression', () => {
  it.each([
    { text: 'method:INVITE', rows: ['invite', 'busy'] },
    { text: 'method:invite', rows: ['invite', 'busy'] },
    { text: 'method:INV', rows: [] },
    { text: 'method:*O*', rows: ['ipv6', 'foo'] },
    { text: 'method:foo', rows: ['foo'] },
    { text: 'method:BAR', rows: [] },
    { text: 'code:486', rows: ['busy'] },
    { text: 'code:4xx', rows: ['busy'] },
    { text: 'code:5XX', rows: [] },
    { text: 'from:ALI', rows: ['invite', 'busy'] },
    { text: 'from:ali*', rows: ['invite', 'busy'] },
    { text: 'from:*ali', rows: [] },
    { text: 'from:a*i*e', rows: ['invite', 'busy'] },
    { text: 'from:a*e*e', rows: [] },
    { text: 'from:alice*alice', rows: [] },
    { text: 'from:*', rows: ['invite', 'busy'] },
    { text: 'from:bob', rows: [] },
    { text: 'to:bob', rows: ['invite', 'busy'] },
    { text: 'to:+45*', rows: ['invite'] },
    { text: 'user:alice', rows: ['invite', 'busy'] },
    { text: 'user:+4512', rows: ['invite'] },
    { text: 'callid:call-1', rows: ['invite', 'busy'] },
    { text: 'callid:corr-9', rows: ['invite'] },
    { text: 'ua:"phone 1"', rows: ['invite'] },
    { text: 'ip:10.0.0.1', rows: ['invite', 'foo', 'log'] },
    { text: 'ip:10.0.9.0/24', rows: ['busy'] },
    { text: 'ip:0.0.0.0/0', rows: ['invite', 'busy', 'foo', 'log'] },
    { text: 'src:10.0.0.2', rows: ['busy'] },
    { text: 'dst:10.0.0.2', rows: ['invite', 'foo', 'log'] },
    { text: 'ip:2001:db8::/32', rows: ['ipv6'] },
    { text: 'src:[2001:DB8::1]', rows: ['ipv6'] },
    { text: 'dst:2001:db8::1', rows: [] },
    { text: 'ip:::/0', rows: ['ipv6'] },
    { text: 'port:5070', rows: ['invite'] },
    { text: 'port:5061', rows: ['invite', 'busy', 'ipv6', 'foo', 'log'] },
    { text: 'proto:100', rows: ['log'] },
    { text: 'proto:0', rows: ['empty'] },
    { text: 'agent:7', rows: ['busy'] },
    { text: 'agent:EDGE', rows: ['invite'] },
    { text: 'node:n1', rows: NAMES },
    { text: 'node:n2', rows: [] },
    { text: 'epoch:1789999000000', rows: NAMES },
    { text: 'epoch:1789999000001', rows: [] },
    { text: 'node=n1 epoch=1789999000000 seq=2', rows: ['busy'] },
    { text: 'seq:7', rows: [] },
    { text: 'alice', rows: ['invite', 'busy'] },
    { text: 'options', rows: ['ipv6'] },
    { text: '486', rows: ['busy'] },
    { text: 'busy', rows: ['busy'] },
    { text: '"busy here"', rows: ['busy'] },
    { text: 'gw.example', rows: [] },
    { text: 'b.example', rows: ['invite', 'busy'] },
    { text: '10.0.9', rows: ['busy'] },
    { text: '2001:db8:1', rows: ['ipv6'] },
    { text: 'edge', rows: ['invite'] },
    { text: 'text:corr', rows: ['invite'] },
    { text: 'failed', rows: [] },
    { text: 'method:INVITE and not ip:10.0.9.0/24', rows: ['invite'] },
    { text: '-method:INVITE', rows: ['ipv6', 'foo', 'log', 'empty'] },
    { text: 'code:486 or proto:100', rows: ['busy', 'log'] },
    { text: 'alice (code:486 or port:5070) !busy', rows: ['invite'] },
  ])('matches rows by $text', ({ text, rows }) => {
    expect(matching(text)).toEqual(rows)
  })

  it('matches wildcards as a regular expression does', () => {
    const word = fc.string({ unit: fc.constantFrom('a', 'b'), minLength: 1, maxLength: 8 })
    const pattern = fc.string({ unit: fc.constantFrom('a', 'b', '*'), minLength: 1, maxLength: 6 })
    fc.assert(
      fc.property(fc.array(word, { minLength: 1, maxLength: 5 }), pattern, (users, wanted) => {
        const rows = blockOf(users.map((user) => hepOf(sipText('FOO sip:h SIP/2.0', `f: <sip:${user}@h>`))))
        const expression = wanted.includes('*') ? new RegExp(`^${wanted.replaceAll('*', '.*')}$`) : new RegExp(wanted)
        const predicate = compiled(`from:${wanted}`)
        expect(users.filter((_, row) => predicate(rows, row))).toEqual(users.filter((user) => expression.test(user)))
      }),
      { numRuns: 60 },
    )
  })
})
