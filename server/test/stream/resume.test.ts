import { describe, expect, it } from 'vitest'
import { selectRows } from '@hepscope/shared/event/select.ts'
import { Continuity } from '../../src/stream/continuity.ts'
import { gapsBehind, isBehind } from '../../src/stream/resume.ts'
import { Ring } from '../../src/stream/ring.ts'
import { BlockSource, invite } from '../events.ts'

/** A ring with these events of one node, each `seq` in a block of its own, or several in one. */
function ringOf(blocks: readonly (readonly number[])[], { maxEvents = 1000, epoch = 1 } = {}) {
  const ring = new Ring(maxEvents, 1e9)
  const continuity = new Continuity()
  const whole = new BlockSource(epoch).block(Array.from({ length: 50 }, (_, i) => invite(`c${i}`)))
  for (const seqs of blocks) {
    const block = selectRows(
      whole,
      seqs.map((seq) => seq - 1),
      true,
    )
    continuity.accept(block)
    ring.append(block)
  }
  return { ring, continuity }
}

const told = (blocks: readonly (readonly number[])[], seq: number, options = {}, epoch = 1) => {
  const { ring, continuity } = ringOf(blocks, options)
  return gapsBehind([{ epoch, seq }], ring, continuity).map(({ from, to, cause }) => `${cause} ${from}-${to ?? ''}`)
}

describe('gapsBehind', () => {
  it.each<[string, string[], string[]]>([
    ['nothing if all that came since is there', told([[1, 2], [3]], 2), []],
    ['what the ring no longer holds', told([[1, 2], [3], [4], [5]], 1, { maxEvents: 2 }), ['ring 2-3']],
    ['what never came while the viewer was away', told([[1, 2], [6], [9]], 2), ['upstream 3-5', 'upstream 7-8']],
    ['holes inside a block', told([[1, 4, 5]], 1), ['upstream 2-3']],
    ['only holes behind the viewer', told([[1], [5], [9]], 5), ['upstream 6-8']],
    ['the rest of a hole that the viewer knows in part', told([[1], [9]], 4), ['upstream 5-8']],
    ['both at once, without overlap', told([[1], [2], [8], [20]], 1, { maxEvents: 2 }), ['ring 2-7', 'upstream 9-19']],
    ['the holes of what is there to a viewer that has nothing', told([[3], [6]], 0, {}, 0), ['upstream 4-5']],
    ['the end of an epoch', told([[1], [2]], 7, { epoch: 5 }, 1), ['restart 8-']],
  ])('tells %s', (_, gaps, expected) => {
    expect(gaps).toEqual(expected)
  })
})

describe('isBehind', () => {
  /** Epoch and `seq` of what is sent from a ring with events 1 and 2 of the epochs 3, 5 and 8. */
  const sent = (...since: { epoch: number; seq: number; node?: string }[]): string[] => {
    const continuity = new Continuity()
    const blocks = [3, 5, 8].map((epoch) => new BlockSource(epoch).block([invite('a'), invite('b')]))
    for (const block of blocks) continuity.accept(block)
    const passes = isBehind(since, continuity)
    return blocks.flatMap((block) =>
      [0, 1].flatMap((row) => (passes(block, row) ? [`${block.epoch}:${block.seq(row)}`] : [])),
    )
  }

  it.each<[string, string[], string[]]>([
    ['all to who has nothing', sent({ epoch: 0, seq: 0 }), ['3:1', '3:2', '5:1', '5:2', '8:1', '8:2']],
    ['what came behind the position', sent({ epoch: 8, seq: 1, node: 'test' }), ['8:2']],
    ['nothing of epochs that ended before it, named or not', sent({ epoch: 5, seq: 2 }), ['8:1', '8:2']],
    ['all of later epochs', sent({ epoch: 3, seq: 1, node: 'test' }), ['3:2', '5:1', '5:2', '8:1', '8:2']],
    ['what each of several positions asks for', sent({ epoch: 3, seq: 1 }, { epoch: 8, seq: 2 }), ['3:2']],
    ['later epochs than one that was never here', sent({ epoch: 6, seq: 1, node: 'test' }), ['8:1', '8:2']],
    [
      'all of a node that is not named',
      sent({ epoch: 8, seq: 2, node: 'other' }),
      ['3:1', '3:2', '5:1', '5:2', '8:1', '8:2'],
    ],
  ])('lets pass %s', (_, events, expected) => {
    expect(events).toEqual(expected)
  })
})
