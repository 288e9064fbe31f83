import { describe, expect, it } from 'vitest'
import { methodNumber, methodNumberAt, METHODS, OTHER_METHOD } from '../../src/sip/methods.ts'

const names = [
  ...METHODS,
  'invite',
  'Invite',
  'INVITED',
  'INVIT',
  'IXVITE',
  'FOO',
  'Y',
  'X'.repeat(16),
  'X'.repeat(300),
]

describe('methodNumber', () => {
  it('numbers the table and calls all else other', () => {
    expect(names.map(methodNumber)).toEqual([...METHODS.keys(), ...names.slice(METHODS.length).map(() => OTHER_METHOD)])
  })
})

describe('methodNumberAt', () => {
  it.each(names)('agrees with methodNumber: "%s"', (name) => {
    const bytes = Buffer.from(`<${name}>`)
    expect(methodNumberAt(bytes, 1, bytes.length - 1)).toBe(methodNumber(name))
  })
})
