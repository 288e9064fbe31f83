import { describe, expect, it } from 'vitest'
import { formatViewAddress, parseViewAddress, type ViewAddress } from '../../../src/app/views/view-url.ts'

const NONE: ViewAddress = { filter: '', scope: 'calls', callIds: [], messageKey: '', atMs: 0 }

describe('formatViewAddress and parseViewAddress', () => {
  it.each<{ name: string; view: ViewAddress }>([
    { name: 'nothing', view: NONE },
    { name: 'a filter', view: { ...NONE, filter: 'from:"Ålice & Bob" or (code:4xx)' } },
    {
      name: 'everything',
      view: {
        filter: '#&=%',
        scope: 'all',
        callIds: ['a@10.0.0.1;x=1', 'b&c#d'],
        messageKey: 'fra:17:3',
        atMs: 1_769_868_000_000,
      },
    },
  ])('keep $name', ({ view }) => {
    expect(parseViewAddress(formatViewAddress(view))).toEqual(view)
  })

  it('have no text for the view without address', () => {
    expect(formatViewAddress(NONE)).toBe('')
  })

  it.each(['', '#', '#live', '#at=x&show=maybe&call=', '#at=-5', '#%zz'])('read %s as the plain view', (hash) => {
    expect(parseViewAddress(hash)).toEqual(NONE)
  })

  it('bound the number of calls and take each once', () => {
    const hash = `#${Array.from({ length: 90 }, (_, i) => `call=c${i % 60}`).join('&')}`
    expect(parseViewAddress(hash).callIds).toHaveLength(50)
  })
})
