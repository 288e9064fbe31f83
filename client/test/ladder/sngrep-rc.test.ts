import { describe, expect, it } from 'vitest'
import { aliasOf } from '../../src/app/ladder/aliases/alias-table.ts'
import { formatAliases, MAX_ALIASES, parseAliases } from '../../src/app/ladder/aliases/sngrep-rc.ts'

describe('parseAliases', () => {
  it('reads the alias lines of a whole rc file', () => {
    const { aliases, faults } = parseAliases(`# sngreprc
set capture.limit 20000
alias 10.0.0.1 sbc1
  alias   10.0.0.1:5080   trunk   # to the carrier
bind up w
unbind F4
#alias 10.0.0.9 nobody
alias [2001:DB8:0::1]:5060 v6
alias 2001:db8::2 v6 host
`)
    expect(faults).toEqual([])
    expect([...aliases]).toEqual([
      ['10.0.0.1', 'sbc1'],
      ['10.0.0.1:5080', 'trunk'],
      ['[2001:db8::1]:5060', 'v6'],
      ['2001:db8::2', 'v6 host'],
    ])
  })

  it('takes address and name alone, and the later of two', () => {
    expect([...parseAliases('10.0.0.1 one\r\n10.0.0.1 two').aliases]).toEqual([['10.0.0.1', 'two']])
  })

  it.each([
    ['alias sbc1.example sbc1', '"sbc1.example" is no address'],
    ['alias 10.0.0.300 x', '"10.0.0.300" is no address'],
    ['alias 10.0.0.1:99999 x', '"10.0.0.1:99999" is no address'],
    ['alias 10.0.0.1', '10.0.0.1 has no name'],
    [`alias 10.0.0.1 ${'x'.repeat(65)}`, 'the name of 10.0.0.1 is longer than 64 characters'],
  ])('says what is wrong with "%s"', (line, message) => {
    expect(parseAliases(`\n${line}`)).toEqual({ aliases: new Map(), faults: [{ line: 2, message }] })
  })

  it('takes no more than so many', () => {
    const text = Array.from({ length: MAX_ALIASES + 1 }, (_, i) => `10.1.${i >> 8}.${i & 255} h${i}`).join('\n')
    const { aliases, faults } = parseAliases(text)
    expect([aliases.size, faults.length]).toEqual([MAX_ALIASES, 1])
  })

  it('reads what was written', () => {
    const { aliases } = parseAliases('alias 10.0.0.10 b\nalias 10.0.0.9 a b\nalias [::1]:5 c')
    expect(formatAliases(aliases)).toBe('alias [::1]:5 c\nalias 10.0.0.9 a b\nalias 10.0.0.10 b\n')
    expect(parseAliases(formatAliases(aliases)).aliases).toEqual(aliases)
  })
})

describe('aliasOf', () => {
  it('prefers the name of the port', () => {
    const table = parseAliases('10.0.0.1 host\n10.0.0.1:5060 port').aliases
    expect([aliasOf(table, '10.0.0.1', 5060), aliasOf(table, '10.0.0.1', 1), aliasOf(table, '10.0.0.2', 1)]).toEqual([
      'port',
      'host',
      '',
    ])
    expect(aliasOf(table, '', 0)).toBe('')
  })
})
