import { describe, expect, it } from 'vitest'
import {
  formatViewAddress,
  parseViewAddress,
  PLAIN_ADDRESS,
  type ViewAddress,
} from '../../../src/app/views/view-url.ts'

describe('formatViewAddress and parseViewAddress', () => {
  it.each<{ name: string; view: ViewAddress }>([
    { name: 'nothing', view: PLAIN_ADDRESS },
    { name: 'a filter', view: { ...PLAIN_ADDRESS, filter: 'from:"Ålice & Bob" or (code:4xx)?/#' } },
    {
      name: 'everything',
      view: {
        view: 'live',
        filter: '#&=%',
        scope: 'all',
        isMessages: true,
        order: { key: 'setup', isDescending: false },
        columns: 'state,from',
        callIds: ['a@10.0.0.1;x=1', 'b&c#d'],
        messageKey: 'fra:17:3',
        atMs: 1_769_868_000_000,
        ladder: 'g.alias~f.1',
        zone: 'local',
        fromMs: 1_769_868_000_000,
        toMs: 1_769_868_900_000,
        lastMinutes: 15,
        momentUs: 1_769_868_000_123_456,
      },
    },
  ])('keep $name', ({ view }) => {
    expect(parseViewAddress(formatViewAddress(view))).toEqual({ address: view, ignored: [] })
  })

  it('have no text for the view without address', () => {
    expect(formatViewAddress(PLAIN_ADDRESS)).toBe('')
  })

  it.each(['', '#', '#live', '#/', '#/live', '#%zz'])('read %s as the plain view', (hash) => {
    expect(parseViewAddress(hash)).toEqual({ address: PLAIN_ADDRESS, ignored: [] })
  })

  it.each([
    { hash: '#at=x&show=maybe&call=', ignored: ['show=maybe', 'at=x'] },
    { hash: '#at=-5', ignored: ['at=-5'] },
    { hash: '#sort=-constructor', ignored: ['sort=-constructor'] },
    { hash: '#zone=mars&last=99999999', ignored: ['zone=mars', 'last=99999999'] },
    { hash: '#from=9&to=5', ignored: ['from after to'] },
    { hash: '#/nowhere?show=maybe', ignored: ['view nowhere', 'show=maybe'] },
    { hash: `#q=${'x'.repeat(3000)}`, ignored: [`q=${'x'.repeat(58)}`] },
  ])('leave out what makes no sense and name it: $hash', ({ hash, ignored }) => {
    expect(parseViewAddress(hash)).toEqual({ address: PLAIN_ADDRESS, ignored })
  })

  it('bound the number of calls and take each once', () => {
    const hash = `#${Array.from({ length: 90 }, (_, i) => `call=c${i % 60}`).join('&')}`
    const { address, ignored } = parseViewAddress(hash)
    expect(address.callIds).toHaveLength(50)
    expect(ignored).toEqual(['calls after the 50th'])
  })
})
