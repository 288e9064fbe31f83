import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { EventBlock } from '@hepscope/shared/event/block.ts'
import { TEXT } from '@hepscope/shared/event/columns.ts'
import { encodeHep } from '@hepscope/shared/hep/encode.ts'
import { createReception } from '../../src/ingest/create-reception.ts'
import { invite } from '../events.ts'
import { type BuiltPrograms, buildThreadPrograms } from './thread-programs.ts'

let programs: BuiltPrograms
beforeAll(async () => {
  programs = await buildThreadPrograms()
}, 60_000)
afterAll(() => programs.remove())

describe('packets that came by no listener', () => {
  it.each([0, 1])(
    'become events like all others, with %i threads',
    async (threads) => {
      const blocks: EventBlock[] = []
      const relayed: Uint8Array[] = []
      const reception = createReception({
        threads,
        listeners: [],
        source: { node: 'test', epoch: 7 },
        blockIntervalMs: 2,
        scan: {},
        callbacks: [],
        onBlock: (block) => blocks.push(block),
        onPacket: (packet) => relayed.push(packet.slice()),
        log: { warn: () => undefined },
        programs,
      })
      expect(reception.receive(encodeHep(invite('too-early')))).toBe(false)
      await reception.open()
      expect(['a', 'b'].map((name) => reception.receive(encodeHep(invite(name))))).toEqual([true, true])
      expect(reception.receive(Uint8Array.of(1, 2, 3))).toBe(false)
      await expect.poll(() => blocks.length).toBe(1)
      expect(reception.receive(encodeHep(invite('c')))).toBe(true)
      await reception.close()
      const rows = blocks.flatMap((block) =>
        Array.from({ length: block.count }, (_, row) => [block.seq(row), block.node, block.text(TEXT.callId, row)]),
      )
      expect(rows).toEqual([
        [1, 'test', expect.stringContaining('a') as string],
        [2, 'test', expect.stringContaining('b') as string],
        [3, 'test', expect.stringContaining('c') as string],
      ])
      expect(relayed).toHaveLength(3)
      expect(reception.counts.received).toMatchObject({ import: 4 })
      expect(Object.values(reception.counts.rejected)).toContain(1)
    },
    60_000,
  )
})
