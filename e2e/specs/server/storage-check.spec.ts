import { readdirSync, rmSync, truncateSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from '../../test.ts'
import type { Stage } from '../../process/stage.ts'
import { runHepscope } from '../../server/command-line.ts'
import { Hepscope } from '../../server/hepscope.ts'

const TIMEOUT_MS = 20_000

async function check(stage: Stage, dataDir: string, ...options: string[]) {
  const child = runHepscope(stage, ['storage', 'check', '--data-dir', dataDir, ...options])
  const status = await child.exitWithin(TIMEOUT_MS)
  return { code: status?.code, text: child.stdout + child.stderr }
}

test('checks what is stored beside a running server, and repairs it when that is stopped', async ({ stage }) => {
  const server = await Hepscope.start(stage, { env: { HEPSCOPE_STORAGE_SEAL_ROWS: '1000' } })
  const { dataDir } = server
  const gen = runHepscope(stage, ['gen', '--to', server.udpTarget, '--rate', '2000', '--seconds', '3'])
  // Amid sealing.
  await expect.poll(async () => (await server.metrics()).sum('hepscope_stored_rows_total')).toBeGreaterThan(2000)
  const beside = await check(stage, dataDir)
  expect(beside.text).toContain('no damage')
  expect(beside.code).toBe(0)
  const refused = await check(stage, dataDir, '--repair')
  expect(refused.text).toContain(`process ${server.process.pid} runs on`)
  expect(refused.code).toBe(3)
  expect((await gen.exited).code).toBe(0)

  await server.kill()
  const killed = await check(stage, dataDir)
  expect(killed.text).toContain('no damage')
  expect(killed.code).toBe(0)

  const parquet = readdirSync(join(dataDir, 'parquet'), { recursive: true, encoding: 'utf8' })
  const [first = '', second = ''] = parquet.filter((path) => path.endsWith('.parquet')).sort()
  rmSync(join(dataDir, 'parquet', first))
  truncateSync(join(dataDir, 'parquet', second), 1000)
  const damaged = await check(stage, dataDir, '--json')
  expect(damaged.code).toBe(1)
  const { findings } = JSON.parse(damaged.text) as { findings: { severity: string; path: string; repaired?: string }[] }
  expect(findings.filter(({ severity }) => severity === 'damage').map(({ path }) => path)).toEqual(
    expect.arrayContaining([`parquet/${first}`, `parquet/${second}`]),
  )
  const repaired = await check(stage, dataDir, '--repair')
  expect(repaired.text).toContain('2 of 2 damages repaired')
  expect(repaired.code).toBe(0)

  // It opens without a complaint: the health that a start asks for is "ok".
  await server.startAgain()
  await server.readsLog(TIMEOUT_MS)
  await server.stop()
  expect((await check(stage, dataDir)).text).toContain('no damage')
})

test('says what cannot be checked', async ({ stage }) => {
  const nothing = await check(stage, stage.directory())
  expect(nothing.code).toBe(3)
  expect(nothing.text).toContain('nothing is stored in')
  const wrong = runHepscope(stage, ['storage', 'heal'])
  expect(await wrong.exitWithin(TIMEOUT_MS)).toMatchObject({ code: 2 })
})
