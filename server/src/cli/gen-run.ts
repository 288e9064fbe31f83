import { closeSync, openSync, writeSync } from 'node:fs'
import { sendLive } from '../gen/live.ts'
import { LoadPool } from '../gen/load-pool.ts'
import type { Scenario } from '../gen/scenario.ts'
import { longestSimulationSec, simulateCalls, type CallRecord } from '../gen/simulator.ts'
import { raisePriority } from '../priority.ts'
import { openSender, type HepSender } from '../trace/sender.ts'
import { formatTarget } from '../trace/target.ts'
import { sendAtRate } from './gen-load.ts'

/** The ledger's file cannot be written. */
export class LedgerError extends Error {
  override readonly name = 'LedgerError'
}

interface GenRun {
  /** URL of the receiver. */
  readonly to: string
  readonly seed: number
  readonly scenarios: readonly Scenario[]
}

export interface CallsRun extends GenRun {
  readonly calls: number
  readonly callsPerSec: number
  readonly durationScale: number
  /** `undefined` waits for nothing. */
  readonly speed: number | undefined
  /** Time of the first call; default now or, without waiting, so long ago that all calls are over. */
  readonly startUs: number | undefined
  readonly ledgerPath: string | undefined
}

export interface LoadRun extends GenRun {
  readonly packetsPerSec: number
  readonly seconds: number
}

/**
 * Send simulated calls and print the counts.
 *
 * @returns the exit code: 1 if a packet could not be sent
 * @throws SenderError if the target is invalid, unreachable or lost
 * @throws LedgerError if the ledger cannot be written
 */
export async function genCalls(run: CallsRun, signal: AbortSignal): Promise<number> {
  const sender = await openSender(run.to)
  const ledger = run.ledgerPath === undefined ? undefined : openLedger(run.ledgerPath)
  try {
    const startUs = run.startUs ?? defaultStartUs(run)
    let finishedCount = 0
    const onCallEnd = (record: CallRecord) => {
      finishedCount++
      ledger?.add(record)
    }
    const startedMs = performance.now()
    const packets = simulateCalls({ ...run, startUs, onCallEnd })
    const send = (bytes: Uint8Array) => (sender.send(bytes) ? undefined : sender.drained())
    await sendLive(packets, { startUs, speed: run.speed, send, signal })
    await sender.close()
    const calls = `${finishedCount} of ${run.calls} calls`
    return report(sender, `${calls}, `, performance.now() - startedMs, signal)
  } finally {
    ledger?.close()
    await sender.close()
  }
}

/**
 * Send a constant load and print the counts.
 *
 * @returns the exit code: 1 if a packet could not be sent
 * @throws SenderError if the target is invalid, unreachable or lost
 */
export async function genLoad(run: LoadRun, signal: AbortSignal): Promise<number> {
  // The time makes the Call-IDs of one run differ from those of the next one.
  const pool = new LoadPool({ seed: run.seed, scenarios: run.scenarios, firstCycle: Date.now() })
  // The sender keeps what it queues by reference, so a packet has to be out before the pool writes it again.
  const sender = await openSender(run.to, { maxQueuedBytes: Math.floor(pool.byteCount / 2) })
  try {
    // A sender that waits for a processor is no constant load.
    raisePriority('high')
    const result = await sendAtRate(pool, sender, run, signal)
    await sender.close()
    const late = result.worstDelayMs > 50 ? ` (at worst ${Math.round(result.worstDelayMs)} ms behind)` : ''
    return report(sender, '', result.durationMs, signal, late)
  } finally {
    await sender.close()
  }
}

function defaultStartUs(run: CallsRun): number {
  const agoMs = run.speed === undefined ? longestSimulationSec(run) * 1000 : 0
  return Math.max(0, Math.round((Date.now() - agoMs) * 1000))
}

function report(sender: HepSender, prefix: string, durationMs: number, signal: AbortSignal, suffix = ''): number {
  const { sentCount, failedCount, droppedCount } = sender.counters
  const seconds = durationMs / 1000
  const unsent = failedCount + droppedCount
  const parts = [
    `${signal.aborted ? 'interrupted, ' : ''}sent ${prefix}${sentCount} packets to ${formatTarget(sender.target)} ` +
      `in ${seconds.toFixed(2)} s, ${Math.round(sentCount / seconds)} packets/s${suffix}`,
  ]
  if (unsent > 0) parts.push(`not sent ${unsent}${sender.fault ? ` (${sender.fault.message})` : ''}`)
  process.stdout.write(`${parts.join('; ')}\n`)
  return unsent > 0 ? 1 : 0
}

function openLedger(path: string) {
  const write = <T>(action: () => T): T => {
    try {
      return action()
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error)
      throw new LedgerError(`cannot write the ledger: ${reason}`, { cause: error })
    }
  }
  const file = write(() => openSync(path, 'w'))
  return {
    add: (record: CallRecord) => void write(() => writeSync(file, `${JSON.stringify(record)}\n`)),
    close: () => closeSync(file),
  }
}
