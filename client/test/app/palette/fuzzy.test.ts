import { describe, expect, it } from 'vitest'
import { fuzzyScore } from '../../../src/app/palette/fuzzy.ts'

function best(query: string, texts: readonly string[]): readonly string[] {
  return texts
    .flatMap((text) => {
      const score = fuzzyScore(query, text)
      return score === undefined ? [] : [{ text, score }]
    })
    .sort((a, b) => b.score - a.score)
    .map(({ text }) => text)
}

describe('fuzzyScore', () => {
  it('finds what has the letters in their order, and nothing else', () => {
    expect(best('xpcap', ['Save messages as PCAP', 'export pcap', 'pcapx'])).toEqual(['export pcap'])
    expect(fuzzyScore('', 'anything')).toBeDefined()
    expect(fuzzyScore('aa', 'a')).toBeUndefined()
  })

  it('puts what begins a word before what is within one, and one piece before scattered letters', () => {
    expect(best('stat', ['hesitation', 'Statistics', 'show the axes tilt'])[0]).toBe('Statistics')
    expect(best('lp', ['help', 'Lanes by port'])).toEqual(['help', 'Lanes by port'])
    expect(best('lbp', ['Lanes by port', 'labor paper bulp'])[0]).toBe('Lanes by port')
    expect(best('on', ['Privacy on: pseudonyms', 'Only calls', 'Next column'])[0]).toBe('Only calls')
  })

  it('looks at every place of a letter, not at the first alone', () => {
    expect(fuzzyScore('ab', 'a xa ab')).toBeDefined()
    expect(fuzzyScore('cto', 'cat to')).toBeGreaterThan(fuzzyScore('cto', 'cat xto') ?? 0)
  })
})
