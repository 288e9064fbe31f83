import { createHash } from 'node:crypto'
import { expect, it } from 'vitest'
import type { StoreEngine } from '../../src/store/engine.ts'
import { Blocks, packetOf, sipText, START_US } from './blocks.ts'
import { engineAt, newDataDir, search } from './data-dir.ts'

/** As many as are merged. */
const UNITS = 8
const UNIT_ROWS = 12_000
const BLOCK_ROWS = 1000
const LIMIT = 10_000

/** Messages of 800 bytes that cannot be compressed, in small sealed files. */
async function sealUnits(engine: StoreEngine): Promise<void> {
  const blocks = new Blocks()
  for (let at = 0; at < UNITS * UNIT_ROWS; at += BLOCK_ROWS) {
    const packets = Array.from({ length: BLOCK_ROWS }, (_, i) => {
      const body = createHash('shake256', { outputLength: 250 })
        .update(String(at + i))
        .digest('hex')
      return packetOf(sipText({ callId: `call-${at + i}@example.com`, body }), { tsUs: START_US + at + i })
    })
    engine.append(blocks.of(...packets))
    if ((at + BLOCK_ROWS) % UNIT_ROWS === 0) await engine.seal()
  }
}

it('finds many rows in little memory, a merge beside it', async () => {
  const engine = await engineAt(newDataDir(), { memoryLimit: '110MB' })
  await sealUnits(engine)
  // The merge has begun; the first of these comes amid it.
  for (let round = 0; round < 3; round++) {
    const rows = await search(engine, { param: { limit: LIMIT } })
    expect(rows.length).toBe(LIMIT)
    expect(rows[0]?.seq).toBe(UNITS * UNIT_ROWS)
    expect(rows.at(-1)?.seq).toBe(UNITS * UNIT_ROWS - LIMIT + 1)
  }
  expect(engine.stats().lastError).toBeUndefined()
})
