import { expect, it } from 'vitest'
import { hexRows } from '../../../src/app/message/hex-rows.ts'
import { markHits } from '../../../src/app/message/marks.ts'
import { tokenizeMessage } from '../../../src/app/message/tokens.ts'

const TEXT = 'INVITE sip:a@b SIP/2.0\r\nCall-ID: abc\r\nTo: <sip:a@b>;tag=abc\r\n'

it('finds a text across tokens, whatever its case, and keeps every character', () => {
  const lines = tokenizeMessage(TEXT, true)
  const { lines: marked, hits } = markHits(lines, 'ID: AB')
  expect(hits).toBe(1)
  expect(marked.map((tokens) => tokens.map(({ text }) => text).join(''))).toEqual(
    lines.map((tokens) => tokens.map(({ text }) => text).join('')),
  )
  expect(marked[1]?.filter(({ hit }) => hit === 0).map(({ text }) => text)).toEqual(['ID:', ' ', 'ab'])
})

it('numbers the hits from top to bottom', () => {
  const { lines, hits } = markHits(tokenizeMessage(TEXT, true), 'abc')
  expect(hits).toBe(2)
  expect(
    lines
      .flat()
      .filter(({ hit }) => hit !== undefined)
      .map(({ hit, text }) => [hit, text]),
  ).toEqual([
    [0, 'abc'],
    [1, 'abc'],
  ])
})

it('marks nothing for nothing, and stops at a bound', () => {
  expect(markHits(tokenizeMessage(TEXT, true), '').hits).toBe(0)
  expect(markHits(tokenizeMessage('a'.repeat(5000), false), 'a').hits).toBe(1000)
})

it('shows bytes by sixteen', () => {
  expect(hexRows(Uint8Array.from([...Array(17).keys()].map((i) => i + 0x41)))).toEqual([
    { offset: '00000000', hex: '41 42 43 44 45 46 47 48  49 4a 4b 4c 4d 4e 4f 50', text: 'ABCDEFGHIJKLMNOP' },
    { offset: '00000010', hex: '51', text: 'Q' },
  ])
  expect(hexRows(Uint8Array.from([0, 0x7f, 0xff, 0x20]))[0]?.text).toBe('... ')
})
