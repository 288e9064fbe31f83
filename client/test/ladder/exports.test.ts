import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { escapeMermaid, mermaidLadder } from '../../src/app/ladder/export/mermaid.ts'
import type { LadderPicture } from '../../src/app/ladder/export/picture.ts'
import { pngScale } from '../../src/app/ladder/export/png.ts'
import { fileName } from '../../src/app/ladder/export/save.ts'
import { SVG_COLOURS } from '../../src/app/ladder/export/svg-style.ts'
import { escapeXml, ladderSvg } from '../../src/app/ladder/export/svg.ts'
import { textLadder } from '../../src/app/ladder/export/text-ladder.ts'
import { DEFAULT_VIEW, type LadderView } from '../../src/app/ladder/ladder-view.ts'
import { LadderModel } from '../../src/app/ladder/layout.ts'
import type { LadderMessage } from '../../src/app/ladder/message.ts'
import { messagesOf, START_US } from './messages.ts'
import { readXml } from './xml.ts'

const CALL = messagesOf(`
  0   a>p INVITE 1 b1 sdp=1
  1   p>a 407 INVITE 1 b1
  2   a>p ACK 1 b1
  3   a>p INVITE 2 b2 sdp=1
  4   p>b INVITE 2 b3
  5   p>c INVITE 2 b4
  505 p>b INVITE 2 b3
  600 b>p 200 INVITE 2 b3 sdp=1
  601 c>p 487 INVITE 2 b4
  602 p>p INFO 3 b9
  700 a>b proto=5`)
const HOSTILE = '</text><script>alert(1)</script> & "end" ; #35; %% \u0000 \u2028 \ud800 -->> loop'

function pictureOf(
  messages: readonly LadderMessage[],
  view: LadderView = DEFAULT_VIEW,
  title = 'alice → bob',
): LadderPicture {
  const model = new LadderModel()
  model.add(messages)
  model.addGap({ key: 'g', fromUs: START_US + 10_000, toUs: START_US + 400_000, count: 37 })
  const aliases = new Map([['10.0.0.16', 'sbc <1> & "co"; end']])
  return {
    title,
    scene: model.scene(view, aliases),
    view,
    clock: (tsUs) => new Date(tsUs / 1000).toISOString().slice(11, 23),
    date: '2023-11-14 UTC',
  }
}

const hostile = CALL.map((message) => ({ ...message, reason: HOSTILE, agentName: HOSTILE }))

describe('ladderSvg', () => {
  it.each(['light', 'dark', 'auto'] as const)('is well-formed XML with every row, in the theme "%s"', (theme) => {
    const picture = pictureOf(CALL)
    const svg = ladderSvg(picture, theme)
    const root = readXml(svg.text)
    expect([root.name, root.attributes.get('xmlns'), root.attributes.get('width')]).toEqual([
      'svg',
      'http://www.w3.org/2000/svg',
      String(svg.widthPx),
    ])
    const arrows = root.children.filter(({ name }) => name === 'g')
    expect(arrows).toHaveLength(picture.scene.rows.filter((row) => row.kind === 'message').length)
    expect(root.text).toContain('37 events of all calls not received')
    expect(root.text).toContain('INVITE → 407 · auth folded')
    expect(svg.text).not.toMatch(/https?:\/\/(?!www\.w3\.org)|url\(|<image|href/)
    expect(svg.text.includes('prefers-color-scheme')).toBe(theme === 'auto')
  })

  it('shows hostile text as text', () => {
    const root = readXml(ladderSvg(pictureOf(hostile, { ...DEFAULT_VIEW, fold: 'none' }, HOSTILE), 'auto').text)
    expect(root.names()).toEqual(new Set(['svg', 'style', 'rect', 'text', 'line', 'g', 'title', 'path']))
    expect(root.text).toContain('</text><script>alert(1)</script> & "end"')
  })

  it('has the colours of the page', () => {
    const css = readFileSync(new URL('../../src/app/theme.css', import.meta.url), 'utf8')
    for (const [name, [light, dark]] of Object.entries(SVG_COLOURS)) {
      expect(css, name).toContain(`--${name}: light-dark(${light}, ${dark})`)
    }
  })

  it('stands without a row', () => {
    expect(readXml(ladderSvg(pictureOf([]), 'light').text).name).toBe('svg')
  })
})

describe('escapeXml', () => {
  it('leaves no character that XML forbids', () => {
    expect(escapeXml('a<b>"&\u0000\u001b\ud800\u{1f600}\t')).toBe('a&lt;b&gt;&quot;&amp;\ufffd\ufffd\ufffd\u{1f600}\t')
  })
})

describe('mermaidLadder', () => {
  /** Each line of the diagrams that we write. */
  const STATEMENT =
    /^(?:sequenceDiagram| {2}title .*| {2}participant L\d+ as .*| {2}Note over L\d+(?:,L\d+)?: .*| {2}L\d+(?:->>|-->>|--\)|-x)L\d+: .*)$/
  /** What stands in them: no sign that means something to Mermaid but in codes. */
  const PLAIN = /^(?:[\p{L}\p{N} .,/()[\]_·+-]|#\d+;|<br\/>)*$/u

  it('declares its participants and uses no others', () => {
    const lines = mermaidLadder(pictureOf(CALL)).trimEnd().split('\n')
    expect(lines[0]).toBe('sequenceDiagram')
    for (const line of lines) expect(line).toMatch(STATEMENT)
    const declared = lines.flatMap((line) => /participant (L\d+)/.exec(line)?.[1] ?? [])
    expect(declared).toEqual(['L0', 'L1', 'L2', 'L3'])
    for (const line of lines) for (const used of line.match(/\bL\d+\b/g) ?? []) expect(declared).toContain(used)
    expect(lines.filter((line) => /L\d+-.*L\d+:/.test(line))).toHaveLength(9)
    expect(lines.join('\n')).toContain('Note over L0,L3: 37 events of all calls not received')
  })

  it('writes hostile text so that it cannot be syntax', () => {
    const text = mermaidLadder(pictureOf(hostile, { ...DEFAULT_VIEW, fold: 'none' }, HOSTILE))
    for (const line of text.trimEnd().split('\n')) {
      expect(line).toMatch(STATEMENT)
      const content = /^ {2}(?:title |participant L\d+ as |Note over [^:]*: |L\d+\S*L\d+: )(.*)$/.exec(line)?.[1]
      if (content !== undefined) expect(content).toMatch(PLAIN)
      expect(line).not.toMatch(/\bend\b/i)
    }
  })

  it('gives back the text when its codes are read', () => {
    const read = escapeMermaid('A;B#C<D>"end" → %').replace(/#(\d+);/g, (_, code: string) =>
      String.fromCodePoint(Number(code)),
    )
    expect(read).toBe('A;B#C<D>"end" → %')
  })
})

describe('textLadder', () => {
  it('draws a ladder', () => {
    const [invite, trying] = messagesOf('0 a>b INVITE 1 b1 sdp=1\n1.5 b>a 180 INVITE 1 b1')
    if (invite === undefined || trying === undefined) throw new Error('no message')
    const model = new LadderModel()
    model.add([invite, trying])
    const view = { ...DEFAULT_VIEW, fold: 'none' } as const
    const text = textLadder({
      title: 'alice to bob',
      scene: model.scene(view),
      view,
      clock: () => '22:13:20.000000',
      date: '2023-11-14 UTC',
    })
    expect(text).toBe(
      [
        'alice to bob (2023-11-14 UTC)',
        '',
        '                                    10.0.0.1                  10.0.0.2',
        '                                     :5060                     :5060',
        '22:13:20.000000 +0.000000               |----- INVITE (SDP) ----->|',
        '22:13:20.000000 +0.001500               |<..... 180 Ringing ......|',
        '',
      ].join('\n'),
    )
  })

  it('keeps every line a line, whatever is in it', () => {
    const picture = pictureOf(hostile, { ...DEFAULT_VIEW, fold: 'none' })
    const lines = textLadder(picture).trimEnd().split('\n')
    expect(lines).toHaveLength(4 + picture.scene.rows.length)
    // eslint-disable-next-line no-control-regex -- none may be left
    for (const line of lines) expect(line).not.toMatch(/[\u0000-\u001f\u2028]/)
  })
})

describe('pngScale', () => {
  it('is 2, and less where no canvas is so large', () => {
    expect(pngScale(800, 1000)).toBe(2)
    expect(pngScale(1000, 20_000) * 20_000).toBeLessThanOrEqual(16_384)
    expect(pngScale(12_000, 12_000) ** 2 * 12_000 * 12_000).toBeLessThanOrEqual(64 * 1024 * 1024 + 1)
  })
})

describe('fileName', () => {
  it.each([
    ['a84b@10.0.0.5', 'ladder-a84b@10.0.0.5.svg'],
    ['../..\\x:y*', 'ladder-.._.._x_y_.svg'],
    ['', 'ladder.svg'],
  ])('of "%s" is %s', (callId, name) => {
    expect(fileName(callId, 'svg')).toBe(name)
  })
})
