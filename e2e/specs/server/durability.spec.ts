import { expect, test } from '../../test.ts'
import { tellMeasured } from '../../measured.ts'
import { runHepscope } from '../../server/command-line.ts'
import { storedEvents, watchEvents } from '../../stream/seen-events.ts'

const MAX_LOST_MS = 250
const READ_TIMEOUT_MS = 10_000

test('has everything after a clean stop amid traffic', async ({ stage, server }) => {
  const { seen, ended } = await watchEvents(stage, server.nodeUrl)
  const gen = runHepscope(stage, ['gen', '--to', server.udpTarget, '--rate', '3000', '--seconds', '20'])
  await expect.poll(() => seen.size).toBeGreaterThan(6000)
  await server.stop()
  await ended
  gen.send('SIGINT')
  await gen.exited
  expect(server.process.stdout).toContain('hepscope: stopped')

  await server.startAgain()
  await server.readsLog(READ_TIMEOUT_MS)
  const { stored, rowCount } = await storedEvents(await server.login())
  const missing = [...seen.keys()].filter((seq) => !stored.has(seq))
  const unknown = [...stored.keys()].filter((seq) => !seen.has(seq))
  expect({ rowCount, missing, unknown }).toEqual({ rowCount: seen.size, missing: [], unknown: [] })
})

test('loses but a moment when it is killed amid 5,000 packets/s', async ({ stage, server }) => {
  const { seen, ended } = await watchEvents(stage, server.nodeUrl)
  const gen = runHepscope(stage, ['gen', '--to', server.udpTarget, '--rate', '5000', '--seconds', '20'])
  await expect.poll(() => seen.size).toBeGreaterThan(10_000)
  await server.kill()
  await ended
  gen.send('SIGINT')
  await gen.exited

  await server.startAgain()
  await server.readsLog(READ_TIMEOUT_MS)
  const { stored, rowCount } = await storedEvents(await server.login())
  expect(rowCount, 'no row twice').toBe(stored.size)
  const lastStored = Math.max(...stored.keys())
  const lastSeen = Math.max(...seen.keys())
  expect(stored.size, 'no hole before the last stored row').toBe(lastStored)
  const lost = Math.max(0, lastSeen - lastStored)
  const lostMs = lost === 0 ? 0 : ((seen.get(lastSeen) ?? 0) - (stored.get(lastStored) ?? 0)) / 1000
  tellMeasured(
    `killed amid 5,000 packets/s: ${stored.size} rows kept, ${lost} lost, those of the last ${lostMs.toFixed(1)} ms`,
  )
  expect(lostMs).toBeLessThan(MAX_LOST_MS)
})
