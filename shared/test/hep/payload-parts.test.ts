import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { homer5Payload, homer6Payload } from '../../src/hep/payload-parts.ts'

const text = (bytes: Uint8Array): string => new TextDecoder().decode(bytes)

describe('homer5Payload', () => {
  it.each([
    { name: 'one part as its bare text', parts: [['payload', 'INVITE']], expected: 'INVITE' },
    {
      name: 'several parts joined',
      parts: [
        ['Event', 'NOTICE'],
        ['text', 'a:b'],
      ],
      expected: 'NOTICE:a:b',
    },
    { name: 'an empty part', parts: [['a', ''] as const, ['b', 'x']], expected: ':x' },
    { name: 'nothing', parts: [], expected: '' },
  ] as const)('writes $name', ({ parts, expected }) => {
    expect(text(homer5Payload(parts, ':'))).toBe(expected)
  })

  it('takes any delimiter, and bytes as they are', () => {
    const bytes = homer5Payload(
      [
        ['a', Uint8Array.of(0xff, 0)],
        ['b', Uint8Array.of(1)],
      ],
      '·',
    )
    expect([...bytes]).toEqual([0xff, 0, 0xc2, 0xb7, 1])
  })
})

describe('homer6Payload', () => {
  it('lays two short members out in 30 bytes', () => {
    const bytes = homer6Payload([
      ['sip1', 'a'],
      ['sip2', 'b'],
    ])
    expect(text(bytes)).toBe('{\n\t"sip1":\t"a",\n\t"sip2":\t"b"\n}')
    expect(bytes).toHaveLength(30)
  })

  it('writes an object without members', () => {
    expect(text(homer6Payload([]))).toBe('{\n}')
  })

  it('escapes as the peer does', () => {
    expect(text(homer6Payload([['k"', '"\\\b\f\n\r\t\u0001\u001f/é\u007f']]))).toBe(
      '{\n\t"k\\"":\t"\\"\\\\\\b\\f\\n\\r\\t\\u0001\\u001f/é\u007f"\n}',
    )
  })

  it('ends a value at its first NUL', () => {
    expect(text(homer6Payload([['a', 'x\0y']]))).toBe('{\n\t"a":\t"x"\n}')
  })

  it('keeps bytes that are no UTF-8', () => {
    expect([...homer6Payload([['a', Uint8Array.of(0xff, 0xc3)]])].slice(9, 11)).toEqual([0xff, 0xc3])
  })

  it('is JSON with the same members', () => {
    const part = fc.tuple(fc.string({ unit: 'binary' }), fc.string({ unit: 'binary' }))
    fc.assert(
      fc.property(fc.uniqueArray(part, { selector: ([key]) => key, maxLength: 5 }), (parts) => {
        const clean = parts.map(([key, value]) => [`k${key.replaceAll('\0', '')}`, value.replaceAll('\0', '')] as const)
        const parsed = JSON.parse(text(homer6Payload(clean))) as Record<string, string>
        expect(Object.fromEntries(clean)).toEqual(parsed)
      }),
    )
  })
})
