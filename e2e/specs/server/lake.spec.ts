import { extensionDirectory } from '../../../server/test/store/lake/extensions.ts'
import { Postgres } from '../../../server/test/store/lake/postgres.ts'
import type { Stage } from '../../process/stage.ts'
import { type Api, readMember, type StoredRow } from '../../server/api.ts'
import { runHepscope } from '../../server/command-line.ts'
import { Hepscope } from '../../server/hepscope.ts'
import { expect, test } from '../../test.ts'

const TOKEN = 'a-token-of-the-nodes'
const EVERYTHING = { q: 'proto:0 or not proto:0', param: { limit: 50_000 }, with_payload: false }

interface Meta {
  readonly incomplete?: { readonly reason: string }
  readonly nodes: readonly { readonly name: string; readonly state: string }[]
}

/** Environment of a server that seals to the lake every second. */
async function lakeEnv(stage: Stage, postgres: Postgres): Promise<Readonly<Record<string, string>>> {
  return {
    HEPSCOPE_STORAGE_LAKE_CATALOG: await postgres.createCatalog('lake'),
    HEPSCOPE_STORAGE_LAKE_PASSWORD: postgres.password,
    HEPSCOPE_STORAGE_LAKE_DATA_PATH: stage.directory(),
    HEPSCOPE_STORAGE_EXTENSION_DIRECTORY: await extensionDirectory(),
    HEPSCOPE_STORAGE_SEAL_INTERVAL_SEC: '1',
  }
}

/** Send generated calls and wait until all of them can be searched. @returns events since the start of the server */
async function feed(stage: Stage, server: Hepscope, seed: number): Promise<number> {
  const args = ['--to', server.tcpTarget, '--seed', String(seed), '--rate', '1000', '--seconds', '2.5']
  await runHepscope(stage, ['gen', ...args]).exited
  const events = (await server.metrics()).sum('hepscope_events_total')
  await server.stores(events, 20_000)
  return events
}

/** Wait until a server has no row left that is not in the lake. */
async function seals(server: Hepscope): Promise<void> {
  const api = await server.login()
  const hotRows = async () => readMember(readMember(await api.get('/api/v4/stats'), 'store'), 'hotRows')
  await expect.poll(hotRows, { timeout: 30_000 }).toBe(0)
}

async function search(api: Api): Promise<{ events: readonly string[]; meta: Meta }> {
  const { status, body } = await api.post('/api/v4/transactions/search', EVERYTHING)
  expect(status, JSON.stringify(body).slice(0, 500)).toBe(200)
  const rows = readMember(readMember(body, 'data'), 'items') as readonly StoredRow[]
  const events = rows.map(({ node, epoch, seq }) => `${node} ${epoch} ${seq}`)
  expect(new Set(events).size, 'rows that were found twice').toBe(events.length)
  return { events, meta: readMember(body, 'meta') as Meta }
}

/** An answer that says nothing is missing: the lake may be out of reach for a moment. */
async function searchWhole(api: Api): Promise<{ events: readonly string[]; meta: Meta }> {
  let answer = await search(api)
  const isWhole = async (): Promise<string | undefined> => {
    answer = await search(api)
    return answer.meta.incomplete?.reason
  }
  if (answer.meta.incomplete !== undefined) await expect.poll(isWhole, { timeout: 30_000 }).toBeUndefined()
  return answer
}

const countOf = (events: readonly string[], node: string): number =>
  events.filter((event) => event.startsWith(`${node} `)).length

test('two servers write one lake, a third searches both, and goes on when one of them, or the catalog, dies', async ({
  stage,
}) => {
  test.slow()
  const postgres = await Postgres.start()
  stage.atEnd(() => postgres.close())
  const env = await lakeEnv(stage, postgres)
  const start = (name: string, more: Readonly<Record<string, string>> = {}): Promise<Hepscope> =>
    Hepscope.start(stage, { env: { ...env, HEPSCOPE_NODE_NAME: name, HEPSCOPE_NODE_TOKEN: TOKEN, ...more } })
  const east = await start('east')
  const west = await start('west')
  const nodes = [east, west].flatMap(({ nodeUrl }, i) => [
    [`HEPSCOPE_COORDINATOR_NODES_${i}_NAME`, i === 0 ? 'east' : 'west'],
    [`HEPSCOPE_COORDINATOR_NODES_${i}_URL`, nodeUrl],
    [`HEPSCOPE_COORDINATOR_NODES_${i}_TOKEN`, TOKEN],
  ])
  const center = await start('center', Object.fromEntries(nodes) as Record<string, string>)
  const api = await center.login()

  // While both seal, what was found once stays found, and nothing is found twice.
  const feeding = { isDone: false }
  const fed = Promise.all([feed(stage, east, 1), feed(stage, west, 2)]).finally(() => (feeding.isDone = true))
  for (let before: readonly string[] = []; !feeding.isDone;) {
    const { events } = await search(api)
    const known = new Set(events)
    expect(before.filter((event) => !known.has(event))).toEqual([])
    before = events
  }
  const [eastCount, westCount] = await fed
  const whole = await searchWhole(api)
  expect([countOf(whole.events, 'east'), countOf(whole.events, 'west')]).toEqual([eastCount, westCount])
  expect(whole.meta.nodes).toMatchObject([{ state: 'ok' }, { state: 'ok' }, { state: 'ok' }])

  // One dies: what it had sealed is still found, and the answer says what is missing.
  await Promise.all([seals(east), seals(west)])
  await west.kill()
  const without = await searchWhole(api)
  expect(countOf(without.events, 'west')).toBe(westCount)
  expect(without.meta.nodes).toMatchObject([
    { state: 'ok' },
    { name: 'east', state: 'ok' },
    { name: 'west', state: 'failed' },
  ])
  const eastMore = await feed(stage, east, 3)
  expect(countOf((await searchWhole(api)).events, 'east')).toBe(eastMore)

  // So does the catalog: what is not in the lake is found.
  await seals(east)
  await postgres.stop()
  const eastMost = await feed(stage, east, 4)
  const cut = await search(api)
  expect(cut.meta.incomplete?.reason).toBe('lake')
  expect(countOf(cut.events, 'east')).toBe(eastMost - eastMore)
  const health = (await (await fetch(new URL('/health', east.url))).json()) as { status: string; problems: string[] }
  expect(health.status).toBe('degraded')
  expect(health.problems.join()).toMatch(/storage: (?:seal|lake): /)
  expect(health.problems.join()).not.toContain('user=')

  await postgres.restart()
  await west.startAgain()
  const { events } = await searchWhole(api)
  expect([countOf(events, 'east'), countOf(events, 'west')]).toEqual([eastMost, westCount])
})
