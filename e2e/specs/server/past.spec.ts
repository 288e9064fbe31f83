import { once } from 'node:events'
import { WebSocket } from 'ws'
import { readBlock } from '@hepscope/shared/event/block.ts'
import type { ControlFrame } from '@hepscope/shared/frame/control.ts'
import { expect, test } from '../../test.ts'
import { tellMeasured } from '../../measured.ts'
import type { Stage } from '../../process/stage.ts'
import { readMember } from '../../server/api.ts'
import { runHepscope } from '../../server/command-line.ts'
import { Hepscope } from '../../server/hepscope.ts'

const RING = 100
/** Sealed several times while the test runs: the events come from what is kept of the log, the log and the ring. */
const SETTINGS = { HEPSCOPE_INGEST_HEP_STREAM_BUFFER_SIZE: String(RING), HEPSCOPE_STORAGE_SEAL_ROWS: '3000' }

interface Seen {
  /** `EPOCH:SEQ`, in the order of coming. */
  readonly names: string[]
  /** `CAUSE EPOCH:FROM-TO` */
  readonly gaps: string[]
  /** Events before the live ones; undefined until they begin. */
  pastCount: number | undefined
}

/** Watch the node's stream with blocks and control frames. */
async function watch(stage: Stage, server: Hepscope, query: string): Promise<Seen> {
  const seen: Seen = { names: [], gaps: [], pastCount: undefined }
  const url = `${server.nodeUrl.replace('http', 'ws')}/stream?format=block&control=1&strict=1&${query}`
  const socket = new WebSocket(url, { maxPayload: 0 })
  stage.atEnd(() => socket.terminate())
  socket.on('error', () => undefined)
  socket.on('message', (data: Buffer, isBinary) => {
    if (isBinary) {
      const result = readBlock(new Uint8Array(data))
      if (!result.ok) throw new Error(result.reason)
      const { block } = result
      for (let row = 0; row < block.count; row++) seen.names.push(`${block.epoch}:${block.seq(row)}`)
      return
    }
    const frame = JSON.parse(data.toString()) as ControlFrame
    if (frame.type === 'replay-end') seen.pastCount = frame.count
    if (frame.type === 'gap') seen.gaps.push(`${frame.cause} ${frame.epoch}:${frame.from}-${frame.to ?? ''}`)
  })
  await once(socket, 'open')
  return seen
}

const events = async (server: Hepscope): Promise<number> => (await server.metrics()).sum('hepscope_events_total')

const namesFrom = (epoch: string, first: number, last: number): string[] =>
  Array.from({ length: last - first + 1 }, (_, i) => `${epoch}:${first + i}`)

test('gives what the ring has forgotten: every event since the beginning, once and in order', async ({ stage }) => {
  const server = await Hepscope.start(stage, { env: SETTINGS })
  const gen = runHepscope(stage, ['gen', '--to', server.udpTarget, '--rate', '3000', '--seconds', '8'])
  await expect.poll(() => events(server), { timeout: 20_000 }).toBeGreaterThan(10_000)
  const { names } = await watch(stage, server, 'history=1')
  await expect.poll(() => names.length).toBeGreaterThan(0)
  const epoch = names[0]?.split(':')[0] ?? ''

  // Traffic goes on meanwhile.
  const startedMs = performance.now()
  const all = await watch(stage, server, `since=${epoch}:0`)
  await expect.poll(() => all.pastCount, { intervals: [5] }).toBeGreaterThan(10_000)
  const tookMs = performance.now() - startedMs
  const node = readMember(await (await server.login()).get('/api/config'), 'node')
  const behind = await watch(stage, server, `since=${epoch}:4321@${encodeURIComponent(String(node))}`)
  const newest = await watch(stage, server, 'history=1500')
  expect((await gen.exited).code).toBe(0)
  await expect.poll(() => all.names.length).toBe(await events(server))

  const count = await events(server)
  expect(all.names).toEqual(namesFrom(epoch, 1, count))
  expect(all.gaps).toEqual([])
  await expect.poll(() => behind.names.at(-1)).toBe(`${epoch}:${count}`)
  expect(behind.names).toEqual(namesFrom(epoch, 4322, count))
  expect(newest.pastCount).toBeGreaterThanOrEqual(1500)
  expect(newest.names).toEqual(namesFrom(epoch, count - newest.names.length + 1, count))
  tellMeasured(
    `${all.pastCount} past events from a ring of ${RING} and the log, amid 3,000 packets/s: ${tookMs.toFixed(0)} ms`,
  )
  await server.stop()
})

test('goes on behind an event of before a kill, and says where that run ended', async ({ stage }) => {
  const server = await Hepscope.start(stage, { env: SETTINGS })
  const before = await watch(stage, server, 'history=1')
  const gen = runHepscope(stage, ['gen', '--to', server.udpTarget, '--rate', '3000', '--seconds', '20'])
  await expect.poll(() => before.names.length, { timeout: 20_000 }).toBeGreaterThan(8000)
  await server.kill()
  await server.startAgain()
  gen.send('SIGINT')
  await gen.exited
  const epoch = before.names[0]?.split(':')[0] ?? ''
  const again = runHepscope(stage, ['gen', '--to', server.udpTarget, '--rate', '1000', '--seconds', '1'])
  expect((await again.exited).code).toBe(0)

  const after = await watch(stage, server, `since=${epoch}:2000`)
  await expect.poll(() => after.pastCount).toBeDefined()
  const isOld = (name: string): boolean => name.startsWith(`${epoch}:`)
  const old = after.names.filter(isOld)
  const lastOld = Number(old.at(-1)?.split(':')[1])
  expect(old).toEqual(namesFrom(epoch, 2001, lastOld))
  expect(after.gaps).toEqual([`restart ${epoch}:${lastOld + 1}-`])
  const newer = after.names.filter((name) => !isOld(name))
  const newEpoch = newer[0]?.split(':')[0] ?? ''
  await expect.poll(() => newer.length).toBe(await events(server))
  expect(newer).toEqual(namesFrom(newEpoch, 1, newer.length))
  await server.stop()
})
