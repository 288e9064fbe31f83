import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { type WebSocket, WebSocketServer } from 'ws'
import { ByteSink } from '@hepscope/shared/frame/byte-sink.ts'
import { appendJsonFrame } from '@hepscope/shared/frame/json.ts'
import { type Line, perSec } from './report.ts'
import { openStage, STREAM_PATH } from './stage.ts'
import { BlockMaker } from './traffic.ts'
import type { ViewerProcess } from './viewer-process.ts'

const VIEWERS = 100
const WARM_UP_MS = 1000
const MEASURED_MS = 4000
const BLOCK_EVENTS = 1024
/** Events that may wait for each viewer: enough that none is ever idle. */
const AHEAD_EVENTS = 4096
const TARGET_PER_SEC = 3_000_000
const TARGET_RATIO = 10

/** Frames a second to 100 viewers of one filter, and what `ws.send` for each frame and viewer does. */
export async function measureDelivery(viewers: ViewerProcess): Promise<Line[]> {
  const ours = await deliver(viewers)
  const theirs = await sendEach(viewers)
  const ratio = ours.framesPerSec / theirs.framesPerSec
  return [
    {
      name: `${VIEWERS} viewers, frames of ${ours.frameBytes.toFixed(0)} bytes, delivered`,
      figure: perSec(ours.framesPerSec),
      target: `>= ${perSec(TARGET_PER_SEC)}`,
      isOk: ours.framesPerSec >= TARGET_PER_SEC,
    },
    { name: '  the same with ws.send for each frame and viewer', figure: perSec(theirs.framesPerSec) },
    { name: '  ratio', figure: ratio.toFixed(1), target: `>= ${TARGET_RATIO}`, isOk: ratio >= TARGET_RATIO },
  ]
}

interface Delivered {
  readonly framesPerSec: number
  readonly frameBytes: number
}

/** What arrives while the server always has more: each next block is made when the viewers have room for it. */
async function deliver(viewers: ViewerProcess): Promise<Delivered> {
  const stage = await openStage({ queueLength: 4 * AHEAD_EVENTS, ratePerSec: 0 })
  const paths = new Array<string>(VIEWERS).fill(`${STREAM_PATH}?proto=1`)
  await viewers.open({ port: stage.port, paths, kind: 'counting' })
  const maker = new BlockMaker()
  const { broker, endpoint } = stage
  const over = new AbortController()
  const publishing = (async () => {
    while (!over.signal.aborted) {
      const waiting = Math.max(...endpoint.viewers.map(({ subscription }) => subscription.waitingCount))
      if (waiting + BLOCK_EVENTS <= AHEAD_EVENTS) {
        broker.publish(maker.block(BLOCK_EVENTS))
        await pause()
      } else await after(1)
    }
  })()
  const delivered = await measured(viewers)
  over.abort()
  await publishing
  const { droppedQueue, droppedRate } = broker.counts
  if (droppedQueue + droppedRate > 0) throw new Error(`${droppedQueue + droppedRate} events were dropped`)
  await viewers.close()
  await stage.close()
  return delivered
}

/** The plain way: the frame's bytes are made once, then given to `ws` for one viewer after another. */
async function sendEach(viewers: ViewerProcess): Promise<Delivered> {
  const server = createServer()
  const webSockets = new WebSocketServer({ server, perMessageDeflate: false })
  const clients: WebSocket[] = []
  webSockets.on('connection', (client) => clients.push(client))
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  await viewers.open({ port, paths: new Array<string>(VIEWERS).fill('/'), kind: 'counting' })
  const maker = new BlockMaker()
  const sink = new ByteSink()
  const over = new AbortController()
  const publishing = (async () => {
    while (!over.signal.aborted) {
      const block = maker.block(64)
      for (let row = 0; row < block.count; row++) {
        sink.length = 0
        appendJsonFrame(sink, block, row, false)
        const frame = Buffer.from(sink.bytes.subarray(0, sink.length))
        for (const client of clients) client.send(frame, { binary: false })
      }
      do await pause()
      while (clients.some((client) => client.bufferedAmount > 512 * 1024))
    }
  })()
  const delivered = await measured(viewers)
  over.abort()
  await publishing
  await viewers.close()
  webSockets.close()
  server.close()
  return delivered
}

async function measured(viewers: ViewerProcess): Promise<Delivered> {
  await after(WARM_UP_MS)
  const first = await viewers.count()
  await after(MEASURED_MS)
  const last = await viewers.count()
  const frames = sum(last.frames) - sum(first.frames)
  return {
    framesPerSec: (frames / (last.atMs - first.atMs)) * 1000,
    frameBytes: (last.bytes - first.bytes) / frames,
  }
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, number) => total + number, 0)
}

function pause(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve))
}

function after(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms))
}
