import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { type Api, readMember, type StoredRow } from '../server/api.ts'
import { KilledServer } from './killed-server.ts'
import { callIdOf, type Ledger, payloadOf, sendLedger } from './ledger-sender.ts'

export interface KillOptions {
  readonly kills: number
  readonly packetsPerSec: number
  /** SIGKILL at a random moment; SIGTERM once everything that was sent was received, with none of it waited for. */
  readonly signal: 'SIGKILL' | 'SIGTERM'
  /** Shortest and longest time of traffic before a kill, ms. */
  readonly runMs: readonly [number, number]
  /** Rows after which is sealed: few, so that kills come amid sealings. */
  readonly sealRows: number
  /** Of the random moments; xorshift, so not 0. */
  readonly seed: number
  readonly onKill?: (line: string) => void
}

export interface KillReport {
  /** Before its kill, or in time to be found. */
  readonly sent: number
  readonly found: number
  /** Sent before the kill and not found. */
  readonly lost: number
  /** How long was sent before the kills, all together, ms. */
  readonly trafficMs: number
  /** Longest time between the sending of a lost packet and the kill, ms. */
  readonly worstLostMs: number
  readonly midSealing: number
  readonly worstStartMs: number
  /** What must not be; empty if all is well. */
  readonly faults: readonly string[]
}

/**
 * Let a server take packets and end it at once, again and again on the same directory, and hold what is found after each
 * restart, and after all of them, against a ledger of what was sent when.
 */
export async function runKills(options: KillOptions): Promise<KillReport> {
  const dataDir = mkdtempSync(join(tmpdir(), 'hepscope-kills-'))
  const server = new KilledServer(dataDir, { HEPSCOPE_STORAGE_SEAL_ROWS: String(options.sealRows) })
  const random = randomOf(options.seed)
  const totals = { sent: 0, found: 0, lost: 0, trafficMs: 0, worstLostMs: 0, midSealing: 0, worstStartMs: 0 }
  const faults: string[] = []
  try {
    await server.start()
    for (let round = 1; round <= options.kills; round++) {
      const { ledger, killedMs } = await runAndEnd(server, round, options, random)
      if (server.hasHalfSealing()) totals.midSealing++
      totals.worstStartMs = Math.max(totals.worstStartMs, await server.start())
      const api = await server.login()
      await server.settles(api)
      const seen = compare(ledger, killedMs, await rowsOf(api, round), faults)
      totals.sent += seen.found + seen.lost
      totals.found += seen.found
      totals.lost += seen.lost
      totals.trafficMs += Math.max(0, killedMs - (ledger.sentMs[0] ?? killedMs))
      totals.worstLostMs = Math.max(totals.worstLostMs, seen.worstLostMs)
      options.onKill?.(
        `${round}: ${seen.found + seen.lost} sent, ${seen.lost} lost, oldest ${seen.worstLostMs.toFixed(1)} ms`,
      )
    }
    await checkAll(await server.login(), totals.found, faults)
    return { ...totals, faults }
  } finally {
    await server.end('SIGKILL')
    rmSync(dataDir, { recursive: true, force: true })
  }
}

async function runAndEnd(server: KilledServer, round: number, options: KillOptions, random: () => number) {
  const { packetsPerSec, signal, runMs } = options
  const stop = new AbortController()
  const sending = sendLedger(server.tcpPort, round, packetsPerSec, stop.signal)
  await sleep(runMs[0] + random() * (runMs[1] - runMs[0]))
  if (signal === 'SIGTERM') {
    stop.abort()
    const { sentMs } = await sending
    await receives(await server.login(), sentMs.length)
  }
  const killedMs = await server.end(signal)
  stop.abort()
  return { ledger: await sending, killedMs }
}

/** Wait until so many packets came in; they need not be stored. */
async function receives(api: Api, events: number): Promise<void> {
  while (Number(readMember(await api.get('/api/v4/stats'), 'events')) < events) await sleep(5)
}

async function rowsOf(api: Api, round: number): Promise<readonly StoredRow[]> {
  return api.search({ filter: { call_id: `kill-${round}-%` }, param: { limit: 50_000 } })
}

function compare(ledger: Ledger, killedMs: number, rows: readonly StoredRow[], faults: string[]) {
  const { round, sentMs } = ledger
  const fault = (text: string): number => faults.push(`round ${round}: ${text}`)
  const numbers = new Map(sentMs.map((_, number) => [callIdOf(round, number), number]))
  const names = new Set<string>()
  const found = new Set<number>()
  for (const { session_id, node, epoch, seq, payload } of rows) {
    const number = numbers.get(session_id)
    if (number === undefined) fault(`${session_id} was never sent`)
    else if (found.has(number)) fault(`${session_id} is there twice`)
    else {
      found.add(number)
      if (payload !== payloadOf(round, number)) fault(`${session_id} is not what was sent`)
    }
    const name = `${node} ${epoch}:${seq}`
    if (names.has(name)) fault(`${name} is there twice`)
    names.add(name)
  }
  const missing = sentMs.filter((_, number) => !found.has(number))
  const inMidst = missing.length - (sentMs.length - 1 - Math.max(-1, ...found))
  if (inMidst > 0) fault(`${inMidst} packets are missing that were sent before others that are there`)
  // What is sent while the process goes down was never its to lose.
  const lost = missing.filter((ms) => ms <= killedMs)
  const worstLostMs = lost.reduce((worst, ms) => Math.max(worst, killedMs - ms), 0)
  return { found: found.size, lost: lost.length, worstLostMs }
}

/** Whether all that was found after each restart is still there after the last, once. */
async function checkAll(api: Api, found: number, faults: string[]): Promise<void> {
  const sql = `SELECT count(*)::INTEGER, count(DISTINCT session_id)::INTEGER, count(DISTINCT (epoch, seq))::INTEGER
               FROM hep_proto_1_call WHERE session_id LIKE 'kill-%'`
  const { status, body } = await api.post('/api/v4/query', { sql })
  const text = JSON.stringify(body)
  const numbers = Object.values(firstRow(body)).map(Number)
  if (status !== 200 || numbers.length !== 3)
    faults.push(`the last count was answered with ${status}: ${text.slice(0, 500)}`)
  else if (numbers.some((number) => number !== found)) {
    faults.push(`at the end there are ${numbers.join(', ')} rows, Call-IDs and names, of ${found} found before`)
  }
}

function firstRow(body: unknown): object {
  const items = readMember(readMember(body, 'data'), 'items') ?? readMember(readMember(body, 'data'), 'rows')
  const row: unknown = Array.isArray(items) ? items[0] : undefined
  return typeof row === 'object' && row !== null ? row : {}
}

function randomOf(seed: number): () => number {
  let state = seed >>> 0
  return () => {
    state ^= state << 13
    state ^= state >>> 17
    state ^= state << 5
    return (state >>> 0) / 2 ** 32
  }
}
