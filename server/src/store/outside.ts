import type { EventRange } from './generation.ts'
import type { Parameters } from './parameters.ts'

/** Condition that leaves out the events of some ranges. */
export function outsideOf(ranges: readonly EventRange[], parameters: Parameters): string {
  if (ranges.length === 0) return 'TRUE'
  const inside = ranges.map(
    ({ node, epoch, firstSeq, lastSeq }) =>
      `(node = ${parameters.text(node)} AND epoch = ${epoch} AND seq BETWEEN ${firstSeq} AND ${lastSeq})`,
  )
  return `NOT (${inside.join(' OR ')})`
}
