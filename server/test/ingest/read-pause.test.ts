import { setImmediate as nextTurn, setTimeout as sleep } from 'node:timers/promises'
import { describe, expect, it } from 'vitest'
import { ReadPause } from '../../src/ingest/read-pause.ts'

describe('ReadPause', () => {
  it('pauses between reads while there is much to read, but not while something is left', async () => {
    let pauses = 0
    const pause = new ReadPause(() => pauses++)
    const readFor = async (ms: number, datagramsPerTurn: number): Promise<number> => {
      const before = pauses
      const endMs = performance.now() + ms
      while (performance.now() < endMs) {
        for (let i = 0; i < datagramsPerTurn; i++) pause.count()
        await nextTurn()
      }
      return pauses - before
    }
    expect(await readFor(50, 30)).toBeGreaterThan(0)
    expect(await readFor(50, 32)).toBe(0)
  })

  it('leaves a thread alone that has little to read', async () => {
    let pauses = 0
    const pause = new ReadPause(() => pauses++)
    for (let i = 0; i < 20; i++) {
      for (let datagram = 0; datagram < 10; datagram++) pause.count()
      await sleep(2)
    }
    expect(pauses).toBe(0)
  })
})
