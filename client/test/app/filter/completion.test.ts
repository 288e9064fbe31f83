import { describe, expect, it } from 'vitest'
import { complete, completionsOf } from '../../../src/app/filter/completion.ts'
import { hasPreset, togglePreset } from '../../../src/app/filter/preset-text.ts'
import type { Statistics } from '../../../src/worker/protocol.ts'

const SEEN: Statistics = {
  dialogs: 3,
  kinds: [{ name: 'call', count: 3 }],
  states: [{ kind: 'call', name: 'busy', count: 3 }],
  methods: [
    { name: 'INVITE', count: 9 },
    { name: 'BYE', count: 2 },
  ],
  codes: [
    { name: '200', count: 4 },
    { name: '486', count: 3 },
  ],
  nodes: [{ name: 'fra 1', count: 9 }],
  agents: [{ name: '2001 edge-fra', count: 9 }],
}

const texts = (text: string, recent: readonly string[] = [], caret = text.length): string[] =>
  completionsOf(text, caret, SEEN, recent).items.map((item) => item.text)

describe('completions', () => {
  it('name fields that begin with the word, then those that hold it', () => {
    expect(texts('me')[0]).toBe('method:')
    expect(texts('from:a and st')).toEqual(expect.arrayContaining(['state:', 'is:retransmission-storm']))
    expect(texts('from:a and sta')).toEqual(['state:'])
  })

  it('find a word among the values of calls', () => {
    expect(texts('fail')).toContain('is:failed')
    expect(texts('busy')).toEqual(['state:busy'])
    expect(texts('-codec')).toEqual(['is:codec-mismatch'])
  })

  it('name values that were seen, the most frequent first', () => {
    expect(texts('method:')).toEqual(['INVITE', 'BYE'])
    expect(texts('code:4')).toEqual(['486', '4xx'])
    expect(texts('agent:')).toEqual(['2001', 'edge-fra'])
    expect(texts('state:')[0]).toBe('busy')
    expect(texts('is:no-')).toEqual(['no-ack', 'no-bye'])
  })

  it('are of the word at the caret, not of the last', () => {
    expect(texts('meth and from:a', [], 4)).toEqual(['method:'])
    expect(texts('(is:no', [], 6)).toEqual(['no-ack', 'no-bye'])
  })

  it('are none within quotes that name no value, and for free text', () => {
    expect(texts('from:"me ')).toEqual([])
    expect(texts('user:')).toEqual([])
  })

  it('offer filters that were used before', () => {
    expect(texts('', ['code:486', 'from:a']).slice(0, 2)).toEqual(['code:486', 'from:a'])
    expect(texts('from', ['code:486', 'from:a'])).toEqual(['from:a', 'from:'])
  })

  it('take the place of the word, quoted where they must be', () => {
    const apply = (text: string, caret = text.length): { text: string; caret: number } => {
      const found = completionsOf(text, caret, SEEN, [])
      const [first] = found.items
      if (first === undefined) throw new Error('nothing to complete')
      return complete(text, found, first)
    }
    expect(apply('met')).toEqual({ text: 'method:', caret: 7 })
    expect(apply('method:IN')).toEqual({ text: 'method:INVITE ', caret: 14 })
    expect(apply('method:IN from:a', 9)).toEqual({ text: 'method:INVITE from:a', caret: 13 })
    expect(apply('node:f')).toEqual({ text: 'node:"fra 1" ', caret: 13 })
    expect(apply('not is:sc')).toEqual({ text: 'not is:scanner ', caret: 15 })
  })
})

describe('presets in the filter', () => {
  it('are added beside the rest, and taken out again', () => {
    expect(togglePreset('', 'failed')).toBe('is:failed')
    expect(togglePreset('from:a', 'failed')).toBe('from:a is:failed')
    expect(togglePreset('from:a is:failed', 'failed')).toBe('from:a')
    expect(togglePreset('is:failed and from:a', 'failed')).toBe('from:a')
    expect(togglePreset('from:a and is:failed and to:b', 'failed')).toBe('from:a and to:b')
    expect(togglePreset('from:a or is:failed', 'failed')).toBe('from:a')
    expect(togglePreset('from:a is:failed to:b', 'failed')).toBe('from:a to:b')
  })

  it('leave what "or" joins together', () => {
    expect(togglePreset('from:a or from:b', 'no-ack')).toBe('(from:a or from:b) is:no-ack')
  })

  it('take the place of a text that makes no sense', () => {
    expect(togglePreset('from:', 'no-ack')).toBe('is:no-ack')
  })

  it('do not count where they are negated or a part', () => {
    expect(hasPreset('not is:failed', 'failed')).toBe(false)
    expect(hasPreset('-is:failed', 'failed')).toBe(false)
    expect(hasPreset('is:failed', 'failed')).toBe(true)
    expect(hasPreset('IS:FAILED from:a', 'failed')).toBe(true)
  })
})
