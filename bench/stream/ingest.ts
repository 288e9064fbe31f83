import { Ingest } from '../../server/src/ingest/ingest.ts'
import type { SubscriptionLimits } from '../../server/src/stream/subscription.ts'
import { type Line, perSec } from './report.ts'
import { openStage, type Stage, STREAM_PATH } from './stage.ts'
import { nextOf } from './traffic.ts'
import type { ViewerProcess } from './viewer-process.ts'

const VIEWERS = 100
const ROUNDS = 5
const WARM_UP_MS = 300
const ROUND_MS = 1000
/** What one look at a socket brings. */
const PACKETS_PER_TURN = 32
const TARGET_RATIO = 0.9

/** What `hepscope.yaml` gives to viewers, and what a configuration does that says nothing. */
const LIMITS: Readonly<Record<string, SubscriptionLimits>> = {
  'unlimited, queue 20000': { queueLength: 20_000, ratePerSec: 0 },
  '500 events/s, queue 256': { queueLength: 256, ratePerSec: 500 },
}

/**
 * Packets a second that become events of the stream, as fast as it goes, without viewers and with many. The fastest
 * round of each counts: others were slowed down by other programs.
 */
export async function measureIngest(viewers: ViewerProcess): Promise<Line[]> {
  const lines: Line[] = []
  for (const [name, limits] of Object.entries(LIMITS)) {
    const alone: Rate[] = []
    const watched: Rate[] = []
    for (let round = 0; round < ROUNDS; round++) {
      const stage = await openStage(limits)
      alone.push(await ingestRate(stage))
      const paths = new Array<string>(VIEWERS).fill(`${STREAM_PATH}?proto=1`)
      await viewers.open({ port: stage.port, paths, kind: 'counting' })
      watched.push(await ingestRate(stage))
      await viewers.close()
      await stage.close()
    }
    const [before, after] = [fastest(alone), fastest(watched)]
    const ratio = after.packets / before.packets
    lines.push(
      { name: 'ingest without viewers', figure: perSec(before.packets) },
      { name: `ingest, ${VIEWERS} viewers (${name})`, figure: perSec(after.packets) },
      { name: '  frames to them', figure: perSec(after.frames) },
      { name: '  ratio', figure: ratio.toFixed(3), target: `>= ${TARGET_RATIO}`, isOk: ratio >= TARGET_RATIO },
    )
  }
  return lines
}

/** What happened in a second. */
interface Rate {
  readonly packets: number
  readonly frames: number
}

async function ingestRate({ broker }: Stage): Promise<Rate> {
  const ingest = new Ingest({
    source: { node: 'bench', epoch: Date.now() },
    blockIntervalMs: 5,
    onBlock: (block) => broker.publish(block),
    onReject: ({ reason }) => {
      throw new Error(reason)
    },
  })
  const source = { transport: 'udp', gate: undefined } as const
  let taken = 0
  const receiveFor = async (ms: number): Promise<void> => {
    const startedMs = performance.now()
    while (performance.now() - startedMs < ms) {
      for (let i = 0; i < PACKETS_PER_TURN; i++) ingest.receive(nextOf(taken++), source, '127.0.0.1', 5060)
      await new Promise((resolve) => setImmediate(resolve))
    }
  }
  await receiveFor(WARM_UP_MS)
  const sentBefore = broker.counts.sent
  taken = 0
  const startedMs = performance.now()
  await receiveFor(ROUND_MS)
  const perSec = (count: number) => (count * 1000) / (performance.now() - startedMs)
  const rate = { packets: perSec(taken), frames: perSec(broker.counts.sent - sentBefore) }
  ingest.flush()
  return rate
}

function fastest(rates: readonly Rate[]): Rate {
  return rates.reduce((best, rate) => (rate.packets > best.packets ? rate : best))
}
