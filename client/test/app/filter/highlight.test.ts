import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { filterTokens, hiddenTokens } from '../../../src/app/filter/highlight.ts'

const shown = (text: string): string[] => filterTokens(text).map((token) => `${token.kind[0] ?? ''}|${token.text}`)

describe('filterTokens', () => {
  it('tells fields, operators and values', () => {
    expect(shown('method:INVITE and not ip:10.0.9.0/24')).toEqual([
      'f|method:',
      'v|INVITE',
      'v| ',
      'o|and',
      'v| ',
      'o|not',
      'v| ',
      'f|ip:',
      'v|10.0.9.0/24',
    ])
    expect(shown('-from:"a b" (x')).toEqual(['o|-', 'f|from:', 'v|"a b"', 'v| ', 'v|(', 'v|x'])
    expect(shown('foo:x')).toEqual(['v|foo:x'])
    expect(shown('from=bob')).toEqual(['f|from=', 'v|bob'])
  })

  it('hides what tells who talks to whom, letter by letter', () => {
    const hidden = (text: string): string =>
      hiddenTokens(filterTokens(text))
        .map((token) => token.text)
        .join('')
    expect(hidden('method:INVITE and not ip:10.0.9.0/24')).toBe('method:INVITE and not ip:•••••••••••')
    expect(hidden('from="a b" (+4930 or code:4xx)')).toBe('from="• •" (••••• or code:4xx)')
    expect(hidden('foo:x')).toBe('•••••')
  })

  it('loses nothing of any text', () => {
    const unit = fc.constantFrom('a', 'method', ':', '"', ' ', '(', ')', '-', '!', 'and', '*', '\t', 'é')
    fc.assert(
      fc.property(fc.oneof(fc.string({ unit }), fc.string()), (text) => {
        expect(
          filterTokens(text)
            .map((token) => token.text)
            .join(''),
        ).toBe(text)
      }),
    )
  })
})
