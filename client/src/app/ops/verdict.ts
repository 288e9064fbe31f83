import { formatPlural } from '../format/number.ts'
import type { CaptureHealth } from './capture-health.ts'

/** What an operator should look at first. */
export interface Finding {
  readonly tone: 'ok' | 'wait' | 'bad'
  readonly text: string
}

/** An agent that sent within this time is alive, ms. */
export const SILENT_MS = 60_000
/** A clock that is off by more is worth a word, ms: events then stand at the wrong place of a ladder. */
export const CLOCK_OFF_MS = 500

/** What is not as it should be, the worst first; one good word if all is. */
export function findingsOf(health: CaptureHealth): readonly Finding[] {
  const findings = [...bad(health), ...odd(health)]
  return findings.length > 0 ? findings : [{ tone: 'ok', text: 'Packets arrive, and nothing was dropped' }]
}

function bad({ lastPacketMs, nodes, store }: CaptureHealth): Finding[] {
  const findings: Finding[] = []
  const add = (text: string): void => void findings.push({ tone: 'bad', text })
  if (lastPacketMs === 0 && nodes.length <= 1) add('Not a single HEP packet has arrived since this server was started')
  for (const { node, state, lastError } of nodes) if (state === 'down') add(`Node ${node} is down: ${lastError}`)
  if (store !== undefined && store.state !== 'ok') add(`Storage is ${store.state}: ${store.lastError}`)
  return findings
}

function odd({ timeMs, lastPacketMs, listeners, rejected, agents, streams, store }: CaptureHealth): Finding[] {
  const findings: Finding[] = []
  const add = (text: string): void => void findings.push({ tone: 'wait', text })
  if (lastPacketMs > 0 && timeMs - lastPacketMs > SILENT_MS) add('No packet has arrived for more than a minute')
  const kernelDrops = listeners.reduce((sum, one) => sum + (one.kernelDrops ?? 0), 0)
  if (kernelDrops > 0)
    add(`The kernel dropped ${formatPlural(kernelDrops, 'packet')}: raise ingest.udp.socket_recv_buffer`)
  for (const { count, name, meaning } of rejected) add(`${formatPlural(count, 'packet')} rejected, ${name}: ${meaning}`)
  for (const agent of agents) {
    if (Math.abs(agent.clockOffsetMs) > CLOCK_OFF_MS && timeMs - agent.lastMs < SILENT_MS)
      add(`The clock of agent ${agentName(agent)} is ${clockText(agent.clockOffsetMs)}`)
  }
  const dropped = streams.reduce((sum, one) => sum + one.droppedQueue + one.droppedRate, 0)
  if (dropped > 0)
    add(`${formatPlural(dropped, 'event')} were not sent to viewers who were too slow or over their rate`)
  for (const { name, count } of store?.dropped ?? []) add(`${formatPlural(count, 'event')} not stored: ${name}`)
  return findings
}

/** `2001 (sbc-1)`. */
export function agentName({ agentId, name }: { readonly agentId: number; readonly name: string }): string {
  return name === '' ? String(agentId) : `${agentId} (${name})`
}

/** What the difference of two clocks says, the way between them included. */
export function clockText(offsetMs: number): string {
  const size = Math.abs(offsetMs)
  if (size < 1) return 'less than 1 ms off'
  const text = size < 1000 ? `${Math.round(size)} ms` : `${(size / 1000).toFixed(1)} s`
  return offsetMs < 0 ? `${text} ahead` : `at most ${text} behind`
}

/** `3 s ago`; `never` for 0. */
export function agoText(atMs: number, nowMs: number): string {
  if (atMs === 0) return 'never'
  const seconds = Math.max(0, Math.round((nowMs - atMs) / 1000))
  if (seconds < 1) return 'now'
  if (seconds < 120) return `${seconds} s ago`
  return seconds < 7200 ? `${Math.round(seconds / 60)} min ago` : `${Math.round(seconds / 3600)} h ago`
}

/** `1.4 GB`. */
export function bytesText(bytes: number): string {
  const units = ['B', 'kB', 'MB', 'GB', 'TB']
  let value = bytes
  let unit = 0
  while (value >= 1000 && unit < units.length - 1) {
    value /= 1000
    unit++
  }
  return `${value < 10 && unit > 0 ? value.toFixed(1) : Math.round(value)} ${units[unit] ?? ''}`
}
