import { isSip } from '../label.ts'
import type { MessageRow } from '../row.ts'
import { gapText, laneLines, type LadderPicture, rowText } from './picture.ts'

/**
 * A ladder as a `sequenceDiagram` of Mermaid: requests are solid arrows, answers dashed ones, reports open ones.
 *
 * What a message says is written with character codes wherever Mermaid could take it for syntax.
 *
 * @see https://mermaid.js.org/syntax/sequenceDiagram.html
 */
export function mermaidLadder({ scene, title, date, clock }: LadderPicture): string {
  const lines = ['sequenceDiagram']
  const heading = [title, date].filter((part) => part !== '').join(' · ')
  if (heading !== '') lines.push(`  title ${escapeMermaid(heading)}`)
  for (const [index, lane] of scene.lanes.entries()) {
    const [name, address] = laneLines(lane).map(escapeMermaid)
    lines.push(`  participant L${index} as ${name ?? ''}${address === '' ? '' : `<br/>${address ?? ''}`}`)
  }
  const last = Math.max(0, scene.lanes.length - 1)
  for (const row of scene.rows) {
    const time = escapeMermaid(clock(row.tsUs))
    if (row.kind === 'gap') {
      if (scene.lanes.length > 0)
        lines.push(`  Note over L0${last === 0 ? '' : `,L${last}`}: ${escapeMermaid(gapText(row))}`)
      continue
    }
    lines.push(`  L${row.fromLane}${arrowOf(row)}L${row.toLane}: ${time} ${escapeMermaid(rowText(row))}`)
  }
  return `${lines.join('\n')}\n`
}

function arrowOf(row: MessageRow): string {
  if (row.fold !== undefined) return '->>'
  if (!isSip(row.message)) return '--)'
  if (row.message.statusCode !== 0) return '-->>'
  return row.arm?.outcome === 'cancelled' ? '-x' : '->>'
}

/**
 * Text that Mermaid shows as it is: everything but letters, digits and a few signs as `#code;`, the word `end`, which
 * would close a block, too.
 */
export function escapeMermaid(text: string): string {
  return (
    text
      // eslint-disable-next-line no-control-regex -- line ends and the like would end the statement
      .replace(/[\u0000-\u001f\u007f-\u009f\u2028\u2029]+/g, ' ')
      .replace(/[^\p{L}\p{N} .,/()[\]_·+-]/gu, (character) => `#${character.codePointAt(0) ?? 32};`)
      .replace(/\bend\b/gi, (word) => `#${word.charCodeAt(0)};${word.slice(1)}`)
  )
}
