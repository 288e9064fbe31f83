import { describe, expect, it } from 'vitest'
import { compareOutput, readSnippets } from '../../package/snippets.mjs'

const PAGE = `# Title

\`\`\`js
console.log(1) // → 1
// → 2
\`\`\`

    not this

\`\`\`sh
npm install
\`\`\`

\`\`\`js
console.log('x')
\`\`\`
`

describe('readSnippets', () => {
  it('takes JavaScript examples and the lines that they say they print', () => {
    expect(readSnippets(PAGE)).toEqual([
      { code: 'console.log(1) // → 1\n// → 2\n', expected: ['1', '2'] },
      { code: "console.log('x')\n", expected: [] },
    ])
  })
})

describe('compareOutput', () => {
  it('is content with what was announced', () => {
    expect(compareOutput({ code: '', expected: ['1', '2'] }, ['1', '2'])).toBeUndefined()
  })

  it.each([
    { name: 'another line', expected: ['1'], printed: ['2'] },
    { name: 'a line more', expected: ['1'], printed: ['1', '2'] },
    { name: 'nothing announced', expected: [], printed: ['1'] },
  ])('complains of $name', ({ expected, printed }) => {
    expect(compareOutput({ code: 'x()', expected }, printed)).toContain('x()')
  })
})
