import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { type Bencoded, parseBencode } from '../../src/payload/bencode.ts'

const utf8 = new TextEncoder()

describe('parseBencode', () => {
  it.each([
    { name: 'a text', text: '4:spam', value: 'spam' },
    { name: 'an empty text', text: '0:', value: '' },
    { name: 'a number', text: 'i-42e', value: -42 },
    { name: 'a list', text: 'l1:ai1ee', value: ['a', 1] },
    { name: 'a dictionary', text: 'd1:ad1:bleee', value: new Map([['a', new Map([['b', []]])]]) },
    { name: 'a value with more behind it', text: '1:abc', value: 'a' },
    { name: 'a text that is cut off', text: '5:spam', value: undefined },
    { name: 'a list that is cut off', text: 'l1:a', value: undefined },
    { name: 'a dictionary with a number as a name', text: 'di1ei2ee', value: undefined },
    { name: 'a number without digits', text: 'ie', value: undefined },
    { name: 'a length without digits', text: ':', value: undefined },
    { name: 'a negative length', text: '-1:a', value: undefined },
    { name: 'a number of too many digits', text: `i${'9'.repeat(20)}e`, value: undefined },
    { name: 'lists nested 16 deep', text: `${'l'.repeat(16)}${'e'.repeat(16)}`, value: expect.anything() },
    { name: 'lists nested deeper', text: `${'l'.repeat(17)}${'e'.repeat(17)}`, value: undefined },
    { name: 'nothing', text: '', value: undefined },
  ])('reads $name', ({ text, value }) => {
    expect(parseBencode(utf8.encode(text))).toEqual(value)
  })

  it('reads what was written', () => {
    const { value } = fc.letrec<{ value: Bencoded }>((tie) => ({
      value: fc.oneof(
        { maxDepth: 4 },
        fc.string({ unit: 'grapheme' }),
        fc.integer(),
        fc.array(tie('value'), { maxLength: 4 }),
        fc.array(fc.tuple(fc.string(), tie('value')), { maxLength: 4 }).map((entries) => new Map(entries)),
      ),
    }))
    fc.assert(
      fc.property(value, (written) => {
        expect(parseBencode(utf8.encode(bencode(written)))).toEqual(written)
      }),
    )
  })

  it('never throws', () => {
    const text = fc.array(fc.constantFrom('d', 'l', 'e', 'i', '1', '9', ':', '-', 'a')).map((parts) => parts.join(''))
    fc.assert(fc.property(text, (noise) => void parseBencode(utf8.encode(noise))))
  })
})

function bencode(value: Bencoded): string {
  if (typeof value === 'number') return `i${value}e`
  if (typeof value === 'string') return `${utf8.encode(value).length}:${value}`
  if (value instanceof Map) {
    const entries = [...(value as ReadonlyMap<string, Bencoded>)]
    return `d${entries.map(([name, item]) => bencode(name) + bencode(item)).join('')}e`
  }
  return `l${(value as readonly Bencoded[]).map(bencode).join('')}e`
}
