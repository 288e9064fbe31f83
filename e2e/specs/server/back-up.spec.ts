import { execFileSync } from 'node:child_process'
import { join } from 'node:path'
import { expect, test } from '../../test.ts'
import { runHepscope } from '../../server/command-line.ts'
import { Hepscope } from '../../server/hepscope.ts'
import { storedEvents } from '../../stream/seen-events.ts'

const TIMEOUT_MS = 20_000
/** In the order of docs/storage.md. */
const DIRECTORIES = ['log', 'sealed', 'parquet']

test('is backed up by copying its directory amid traffic', async ({ stage }) => {
  const server = await Hepscope.start(stage, { env: { HEPSCOPE_STORAGE_SEAL_ROWS: '1000' } })
  const gen = runHepscope(stage, ['gen', '--to', server.udpTarget, '--rate', '3000', '--seconds', '20'])
  const stored = async (): Promise<number> => (await server.metrics()).sum('hepscope_stored_rows_total')
  await expect.poll(stored).toBeGreaterThan(3000)

  const links = join(server.dataDir, 'snapshot')
  const copy = stage.directory()
  const storedCount = await stored()
  execFileSync('mkdir', [links])
  execFileSync('cp', ['-al', ...DIRECTORIES.map((name) => join(server.dataDir, name)), links])
  execFileSync('cp', ['-a', `${links}/.`, copy])
  execFileSync('rm', ['-r', links])
  gen.send('SIGINT')
  await gen.exited
  const check = runHepscope(stage, ['storage', 'check', '--data-dir', copy])
  expect((await check.exited).code, check.stdout).toBe(0)
  expect(check.stdout).toContain('no damage')
  await server.stop()

  const restored = await Hepscope.start(stage, { dataDir: copy })
  await restored.readsLog(TIMEOUT_MS)
  const { stored: events, rowCount } = await storedEvents(await restored.login())
  const last = Math.max(...events.keys())
  expect({ rowCount, last }, 'each event once, without a hole').toEqual({ rowCount: events.size, last: events.size })
  expect(rowCount).toBeGreaterThanOrEqual(storedCount)
})
