import { expect, test } from '../../test.ts'
import { runKills } from '../../kills/kill-run.ts'
import { tellMeasured } from '../../measured.ts'

/** `npm run bench -- kills` does this a hundred times. */
const OPTIONS = { packetsPerSec: 2000, runMs: [500, 2500], sealRows: 1000, seed: 7 } as const
/** The bench holds the server to 100 ms; here other programs may have the processors, while packets wait in the kernel. */
const MAX_LOST_MS = 2000

test('is killed amid packets and sealings, and opens each time with all but the last moment', async () => {
  test.setTimeout(180_000)
  const { faults, ...report } = await runKills({ ...OPTIONS, kills: 4, signal: 'SIGKILL' })
  tellMeasured(
    `killed 4 times: ${report.found} of ${report.sent} rows kept, the oldest lost one was sent ${report.worstLostMs.toFixed(1)} ms before; ${report.midSealing} times amid sealing`,
  )
  expect(faults).toEqual([])
  expect(report.found).toBeGreaterThan(2000)
  expect(report.worstLostMs).toBeLessThan(MAX_LOST_MS)
})

test('loses nothing of what it has received when it is asked to stop', async () => {
  test.setTimeout(120_000)
  const { faults, ...report } = await runKills({ ...OPTIONS, kills: 2, signal: 'SIGTERM' })
  expect(faults).toEqual([])
  expect(report.found).toBeGreaterThan(1000)
  expect(report.lost).toBe(0)
})
