import { describe, expect, it } from 'vitest'
import { csvText } from '../../../src/app/exports/csv.ts'

describe('csvText', () => {
  it.each([
    { name: 'plain text', value: 'alice', cell: 'alice' },
    { name: 'a number', value: 486, cell: '486' },
    { name: 'a comma', value: 'a,b', cell: '"a,b"' },
    { name: 'quotes', value: 'say "hi"', cell: '"say ""hi"""' },
    { name: 'a line end', value: 'a\r\nb', cell: '"a\r\nb"' },
    { name: 'a formula', value: '=HYPERLINK("http://x")', cell: '"\'=HYPERLINK(""http://x"")"' },
    { name: 'a command', value: '+cmd|calc', cell: "'+cmd|calc" },
    { name: 'a minus', value: '-1+2', cell: "'-1+2" },
    { name: 'an at sign', value: '@SUM(A1)', cell: "'@SUM(A1)" },
    { name: 'a tab in front', value: '\t=1', cell: "'\t=1" },
    { name: 'a telephone number', value: '+49301234567', cell: '+49301234567' },
    { name: 'a negative number', value: '-1.5', cell: '-1.5' },
  ])('writes $name', ({ value, cell }) => {
    expect(csvText(['name'], [[value]])).toBe(`name\r\n${cell}\r\n`)
  })
})
