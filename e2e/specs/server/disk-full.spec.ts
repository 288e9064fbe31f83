import { readdirSync, rmSync, statfsSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from '../../test.ts'
import { smallDisk } from '../../process/small-disk.ts'
import { runHepscope } from '../../server/command-line.ts'
import { Hepscope } from '../../server/hepscope.ts'
import { watchEvents } from '../../stream/seen-events.ts'

const DISK_MB = 40
const TIMEOUT_MS = 30_000

interface Health {
  readonly status: string
  readonly problems: readonly string[]
}

async function health(server: Hepscope): Promise<Health> {
  return (await (await fetch(`${server.url}/health`)).json()) as Health
}

test('goes on streaming when the disk is full, says so, and stores again when there is room', async ({ stage }) => {
  test.skip(
    process.platform !== 'linux' || process.getuid?.() !== 0,
    'a small file system can be mounted by root on Linux',
  )
  test.setTimeout(120_000)
  const dataDir = smallDisk(stage, DISK_MB)
  // Sealed often, so that sealings meet the full disk too.
  const server = await Hepscope.start(stage, { dataDir, env: { HEPSCOPE_STORAGE_SEAL_ROWS: '2000' } })
  const { seen } = await watchEvents(stage, server.nodeUrl)
  const count = async (name: string): Promise<number> => (await server.metrics()).sum(name)
  const first = runHepscope(stage, ['gen', '--to', server.udpTarget, '--rate', '500', '--seconds', '2'])
  await first.exited
  await server.stores(await count('hepscope_events_total'), TIMEOUT_MS)

  // Another program takes what is left.
  const { bavail, bsize } = statfsSync(dataDir)
  const ballast = join(dataDir, 'ballast')
  writeFileSync(ballast, Buffer.alloc(Math.max(0, bavail * bsize - 64 * 1024)))
  const gen = runHepscope(stage, ['gen', '--to', server.udpTarget, '--rate', '1000', '--seconds', '4'])
  await expect
    .poll(async () => (await server.metrics()).sum('hepscope_store_dropped_total'), { timeout: TIMEOUT_MS })
    .toBeGreaterThan(0)
  // A sealing that failed gives back what it had written, so that there is room for a moment now and then.
  await expect
    .poll(() => health(server), { timeout: TIMEOUT_MS, intervals: [20] })
    .toMatchObject({ status: 'degraded', problems: [expect.stringContaining('disk-full') as unknown] })
  await gen.exited
  // The stream had them all.
  const events = await count('hepscope_events_total')
  await expect.poll(() => seen.size, { timeout: TIMEOUT_MS }).toBe(events)
  const dropped = await count('hepscope_store_dropped_total')

  rmSync(ballast)
  const more = runHepscope(stage, ['gen', '--to', server.udpTarget, '--rate', '300', '--seconds', '6'])
  await expect.poll(async () => (await health(server)).status, { timeout: TIMEOUT_MS }).toBe('ok')
  await more.exited
  const all = await count('hepscope_events_total')
  await expect.poll(() => seen.size, { timeout: TIMEOUT_MS }).toBe(all)
  // Nothing is lost but what was counted, and nothing half is left.
  await expect
    .poll(async () => (await count('hepscope_stored_rows_total')) + (await count('hepscope_store_dropped_total')), {
      timeout: TIMEOUT_MS,
    })
    .toBe(all)
  expect(await count('hepscope_store_dropped_total')).toBeGreaterThanOrEqual(dropped)
  const left = readdirSync(dataDir, { recursive: true, encoding: 'utf8' })
  await server.stop()
  expect(left.filter((path) => path.endsWith('.tmp'))).toEqual([])
  const check = runHepscope(stage, ['storage', 'check', '--data-dir', dataDir])
  expect((await check.exited).code, check.stdout).toBe(0)
  expect(check.stdout).toContain('no damage')
})
