import { type CallState, STATE_CLASS } from '@hepscope/shared/call/state.ts'
import { describe, expect, it } from 'vitest'
import { stateLabel, stateTitle, stateTone } from '../../../src/app/calls/state-label.ts'

type Stated = Parameters<typeof stateLabel>[0]

function stated(state: CallState, more: Partial<Stated> = {}): Stated {
  return { kind: 'call', state, stateClass: STATE_CLASS[state], statusCode: 0, reason: '', evidence: [], ...more }
}

describe('stateLabel', () => {
  it('has a glyph and a word for every state, and no two states share both', () => {
    const states = Object.keys(STATE_CLASS) as CallState[]
    const shown = states.map((state) => stateLabel(stated(state)))
    for (const { glyph, word } of shown) expect([glyph.length, word.length > 2]).toEqual([1, true])
    expect(new Set(shown.map(({ word }) => word)).size).toBe(states.length)
  })

  it('shows the code where it says more than the word', () => {
    expect(stateLabel(stated('failed', { statusCode: 503 }))).toEqual({ glyph: '✕', word: 'failed 503' })
    expect(stateLabel(stated('in-call', { statusCode: 200 })).word).toBe('in call')
  })

  it('says when the evidence is incomplete', () => {
    const call = stated('in-call', { evidence: ['silent', 'gap-inside'] })
    expect(stateLabel(call)).toEqual({ glyph: '?', word: 'silent' })
    expect(stateTone(call)).toBe('wait')
    expect(stateTitle(call)).toBe('in call; nothing was heard of it for long; events are missing while it ran')
    expect(stateLabel(stated('ended', { evidence: ['bye-not-seen'] })).word).toBe('no BYE seen')
    expect(stateTitle(stated('busy', { statusCode: 486, reason: 'Busy Here' }))).toBe('busy (486 Busy Here)')
  })
})
