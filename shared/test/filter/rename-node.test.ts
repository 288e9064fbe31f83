import { describe, expect, it } from 'vitest'
import { parseExpression } from '../../src/filter/expression.ts'
import { compileExpression } from '../../src/filter/match.ts'
import { renameNodeIn } from '../../src/filter/rename-node.ts'
import type { EventBlock } from '../../src/event/block.ts'
import { blockOf, hepOf, sipText } from '../event/rows.ts'

const [NAME, OWN] = ['edge1', 'pbx-7']
const block = blockOf([hepOf(sipText('INVITE sip:bob@h SIP/2.0', 'Call-ID: abc', 'CSeq: 1 INVITE'))])

/** Whether an expression finds an event of a node of this name. */
function finds(text: string, node: string): boolean {
  const parsed = parseExpression(text)
  if (!parsed.ok) throw new Error(`${text}: ${parsed.message}`)
  const renamed = new Proxy(block, {
    get: (target: EventBlock, key) => {
      if (key === 'node') return node
      const value: unknown = Reflect.get(target, key, target)
      return typeof value === 'function' ? (value.bind(target) as unknown) : value
    },
  })
  return compileExpression(parsed.expression)(renamed, 0)
}

const EXPRESSIONS = [
  'node:edge1',
  'node:EDGE',
  'node=edge1',
  'node=edge',
  'node:e*1',
  'node:pbx',
  'node=pbx-7',
  'not node:edge1',
  '-node:pbx',
  'node:edge1 or method:BYE',
  'method:INVITE node:edge1',
  'method:BYE and node:edge1',
  '(node:other or node:edge1) and not (callid:abc and node:third)',
  'node:edge2 or node:pbx*',
]

describe('renameNodeIn', () => {
  it.each(EXPRESSIONS)('has %s find at the node what it means here', (text) => {
    const renamed = renameNodeIn(text, NAME, OWN)
    expect(finds(renamed, OWN)).toBe(finds(text, NAME))
    // What the node kept from a time when it had another name.
    for (const before of ['third', 'edge10', 'other']) expect(finds(renamed, before)).toBe(finds(text, before))
  })

  it.each(['method:INVITE "two words" "" code:4xx', 'not (a or b)', 'from:"Alice B" ip:10.0.0.0/8 10.0.0.1:5060'])(
    'leaves %s as it is',
    (text) => expect(renameNodeIn(text, NAME, OWN)).toBe(text),
  )

  it('keeps every other condition', () => {
    const text = 'from:"Alice B" "a b" "" ua=x code:4xx node:edge1 text=whole'
    expect(renameNodeIn(text, NAME, OWN)).toBe(
      '(from:"Alice B" and "a b" and "" and ua="x" and code:"4xx" and (node="pbx-7" or node:"edge1") and text="whole")',
    )
  })

  it('has conditions on calls stay beside it', () => {
    expect(renameNodeIn('is:failed node=edge1 not state:busy', NAME, OWN)).toBe(
      '(is:failed and (node="pbx-7" or node="edge1") and not state:busy)',
    )
  })

  it('leaves what cannot be read to who reads it', () => {
    expect(renameNodeIn('(node:edge1', NAME, OWN)).toBe('(node:edge1')
    expect(renameNodeIn('node:edge1', OWN, OWN)).toBe('node:edge1')
  })

  it('makes something that can be read of any name', () => {
    expect(finds(renameNodeIn('node:edge1', NAME, 'a "b" (c)'), 'a "b" (c)')).toBe(true)
  })
})
