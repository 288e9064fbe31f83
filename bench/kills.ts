import { parseArgs } from 'node:util'
import { runKills } from '../e2e/kills/kill-run.ts'

// A real server takes packets over TCP and is killed at random moments, in sealing too, again and again on one directory.
// Exit code 1 unless every restart opened by itself, nothing is twice or half, and what is lost was sent in the last moment.

const MAX_LOST_MS = 100
const USAGE = `npm run bench -- kills [--kills=100] [--rate=10000] [--signal=SIGKILL|SIGTERM] [--seed=1]

  --kills    how often
  --rate     packets a second
  --signal   SIGTERM: at its end everything that was received must be there
  --seed     of the random moments
`
const { values } = parseArgs({
  options: {
    kills: { type: 'string', default: '100' },
    rate: { type: 'string', default: '10000' },
    signal: { type: 'string', default: 'SIGKILL' },
    seed: { type: 'string', default: '1' },
    help: { type: 'boolean', default: false },
  },
})

process.exitCode = values.help ? (process.stdout.write(USAGE), 0) : await main()

async function main(): Promise<number> {
  const signal = values.signal === 'SIGTERM' ? 'SIGTERM' : 'SIGKILL'
  const { faults, ...report } = await runKills({
    kills: Number(values.kills),
    packetsPerSec: Number(values.rate),
    signal,
    runMs: [300, 3000],
    sealRows: 4000,
    seed: Number(values.seed),
    onKill: (line) => console.log(line),
  })
  const { sent, found, lost, trafficMs, worstLostMs, midSealing, worstStartMs } = report
  const perSec = Math.round((1000 * sent) / trafficMs)
  console.log(`${values.kills} times ${signal} amid ${perSec} packets/s: ${sent} sent, ${found} found, ${lost} lost`)
  console.log(`  the oldest of them was sent ${worstLostMs.toFixed(1)} ms before its kill`)
  console.log(`  ${midSealing} kills cut a sealing off; the slowest start took ${worstStartMs.toFixed(0)} ms`)
  for (const fault of faults.slice(0, 20)) console.log(`  FAULT ${fault}`)
  const mostLostMs = signal === 'SIGTERM' ? 0 : MAX_LOST_MS
  return faults.length === 0 && worstLostMs <= mostLostMs && (signal === 'SIGKILL' || lost === 0) ? 0 : 1
}
