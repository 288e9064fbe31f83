import { EventBlock } from '@hepscope/shared/event/block.ts'
import { selectRows } from '@hepscope/shared/event/select.ts'
import { describe, expect, it } from 'vitest'
import { GapWatch } from '../../src/worker/gap-watch.ts'
import { invites, Node, START_US } from './sip-blocks.ts'

const at = (callId: string, atMs: number) => ({ callId, what: 'INVITE', atMs })

describe('GapWatch', () => {
  it('begins wherever the stream begins', () => {
    const node = new Node()
    node.block(...invites('a', 'b'))
    expect(new GapWatch().place(node.block(...invites('c')))).toEqual({ fromRow: 0, gaps: [] })
  })

  it('begins inside a block of which history was the rest', () => {
    const block = new Node().block(...invites('a', 'b', 'c'))
    expect(new GapWatch().place(selectRows(block, [2], true))).toEqual({ fromRow: 0, gaps: [] })
  })

  it('counts what is missing between two blocks, with times', () => {
    const node = new Node('fra', 7)
    const watch = new GapWatch()
    watch.place(node.block(at('a', 0), at('b', 10)))
    node.block(at('lost', 20), at('lost', 21), at('lost', 22))
    expect(watch.place(node.block(at('c', 50)))).toEqual({
      fromRow: 0,
      gaps: [
        {
          row: 0,
          gap: {
            key: 'gap:fra:7:3',
            node: 'fra',
            fromUs: START_US + 10_000,
            toUs: START_US + 50_000,
            count: 3,
            isRestart: false,
          },
        },
      ],
    })
  })

  it('counts what is missing inside a block', () => {
    const node = new Node()
    const whole = node.block(at('a', 0), at('b', 1), at('c', 2), at('d', 3), at('e', 4))
    const { gaps } = new GapWatch().place(selectRows(whole, [0, 2, 4], true))
    expect(gaps.map(({ row, gap }) => [row, gap.count, gap.key])).toEqual([
      [1, 1, 'gap:fra:1000:2'],
      [2, 1, 'gap:fra:1000:4'],
    ])
  })

  it('skips what came before, whole or in part', () => {
    const node = new Node()
    const watch = new GapWatch()
    const a = node.block(...invites('a', 'b'))
    const b = node.block(...invites('c', 'd'))
    watch.place(a)
    watch.place(b)
    expect(watch.place(a)).toEqual({ fromRow: 2, gaps: [] })
    const next = node.block(...invites('e', 'f', 'g'))
    watch.place(selectRows(next, [0], true))
    expect(watch.place(next)).toEqual({ fromRow: 1, gaps: [] })
  })

  it('keeps nodes apart', () => {
    const watch = new GapWatch()
    const fra = new Node('fra')
    const ams = new Node('ams')
    watch.place(fra.block(...invites('a')))
    expect(watch.place(ams.block(...invites('b', 'c'))).gaps).toEqual([])
    expect(watch.place(fra.block(...invites('d'))).gaps).toEqual([])
  })

  it('reports a restart and what was missed since', () => {
    const node = new Node('fra', 1000)
    const watch = new GapWatch()
    watch.place(node.block(at('a', 0)))
    node.restart(2000)
    node.block(at('lost', 5000))
    const { gaps, fromRow } = watch.place(node.block(at('b', 6000)))
    expect(fromRow).toBe(0)
    expect(gaps).toEqual([
      {
        row: 0,
        gap: {
          key: 'gap:fra:2000:1',
          node: 'fra',
          fromUs: START_US,
          toUs: START_US + 6_000_000,
          count: 1,
          isRestart: true,
        },
      },
    ])
  })

  it('takes nothing from an epoch that is over', () => {
    const old = new Node('fra', 1000)
    const late = old.block(...invites('late'))
    const watch = new GapWatch()
    watch.place(new Node('fra', 2000).block(...invites('a')))
    expect(watch.place(new EventBlock(late.bytes))).toEqual({ fromRow: 1, gaps: [] })
  })
})
