import { setTimeout as sleep } from 'node:timers/promises'
import { CuttingProxy } from '../cutting-proxy.ts'
import { Cutter } from './cutter.ts'
import { HepFeed } from './hep-feed.ts'
import { compare, type Verdict } from './ledger.ts'
import { LedgerViewer } from './ledger-viewer.ts'

/** A node and its line to the coordinator. */
export interface CutNode {
  readonly name: string
  readonly hep: { readonly host: string; readonly port: number }
  /** Of the node itself, past the line that is cut. */
  readonly streamUrl: string
  readonly line: CuttingProxy
}

/** Two nodes and a coordinator that run. */
export interface CutPlace {
  readonly nodes: readonly CutNode[]
  readonly center: { readonly host: string; readonly port: number; readonly token: string }
  /** End a node without a word and start it again on the same addresses. */
  restart(name: string): Promise<void>
}

export interface CutRunOptions {
  readonly durationMs: number
  /** Of each node. */
  readonly packetsPerSec: number
  readonly cutsMs: readonly number[]
  /** Least time between two cuts of a line; up to twice as long. */
  readonly pauseMs: number
  /** 0 up to 1. */
  readonly random: () => number
  /** Told now and then. */
  readonly onProgress?: (text: string) => void
}

export interface CutReport {
  readonly sent: Readonly<Record<string, number>>
  /** Cuts of each line, by kind and length. */
  readonly cuts: Readonly<Record<string, Readonly<Record<string, number>>>>
  readonly verdicts: Readonly<Record<string, Verdict>>
  /** Connections that the viewer behind a line of its own made after the first. */
  readonly viewerReconnects: number
  /** By node: epochs that the viewers of the coordinator saw. */
  readonly epochs: Readonly<Record<string, number>>
}

/** A link may wait half a minute before it tries again, then it has a hole to fill. */
const SETTLE_MS = 60_000
const PROGRESS_MS = 15_000
const JUDGE_MS = 3000

/**
 * Cut the lines of two nodes and of a viewer for a while, restart a node in the midst of it, and see whether every viewer
 * ends with each event once or with exact gaps.
 */
export async function runCuts({ nodes, center, restart }: CutPlace, options: CutRunOptions): Promise<CutReport> {
  const { durationMs, packetsPerSec, onProgress = () => {} } = options
  const viewerLine = await CuttingProxy.open(center)
  const truths = new Map(
    nodes.map(({ name, streamUrl }) => [name, new LedgerViewer(new URL(`${streamUrl}?format=block`))]),
  )
  const at = ({ host, port }: { host: string; port: number }, query: string): LedgerViewer =>
    new LedgerViewer(new URL(`ws://${host}:${port}/api/v4/stream/hep?access_token=${center.token}&${query}`))
  const all = () => true
  const isInvite = (_: string, text: string) => text.startsWith('INVITE')
  const second = nodes.at(-1)?.name ?? ''
  const viewers = new Map([
    ['json', { viewer: at(center, ''), passes: all }],
    ['block', { viewer: at(center, 'format=block'), passes: all }],
    ['INVITE, json', { viewer: at(center, 'method=INVITE'), passes: isInvite }],
    [
      'one node, block',
      { viewer: at(center, `format=block&node=${second}`), passes: (node: string) => node === second },
    ],
    ['block, line cut', { viewer: at({ host: '127.0.0.1', port: viewerLine.port }, 'format=block'), passes: all }],
    [
      'INVITE, line cut',
      { viewer: at({ host: '127.0.0.1', port: viewerLine.port }, 'method=INVITE'), passes: isInvite },
    ],
  ])
  const everyViewer = [...truths.values(), ...Array.from(viewers.values(), ({ viewer }) => viewer)]
  const judge = (): Map<string, Verdict> =>
    new Map(
      Array.from(viewers, ([name, { viewer, passes }]) => {
        const parts = Array.from(truths.values(), ({ ledger }) => compare(viewer.ledger, ledger, passes))
        return [name, merged(parts)]
      }),
    )
  const feeds = new Map<string, HepFeed>()
  const lines = new Map([...nodes.map(({ name, line }) => [name, line] as const), ['viewers', viewerLine]])
  const cutters = new Map<string, Cutter>()
  try {
    await until(() => everyViewer.every(({ isOpen }) => isOpen), 10_000)
    for (const { name, hep } of nodes) feeds.set(name, new HepFeed(hep, name, packetsPerSec))
    for (const [name, line] of lines) cutters.set(name, new Cutter(line, options))
    const startedMs = performance.now()
    const half = durationMs / 2
    let isRestarted = false
    for (let pastMs = 0; pastMs < durationMs; pastMs = performance.now() - startedMs) {
      await sleep(Math.min(PROGRESS_MS, durationMs - pastMs, isRestarted ? Infinity : Math.max(1, half - pastMs)))
      if (!isRestarted && performance.now() - startedMs >= half) {
        isRestarted = true
        await restart(second)
      }
      const seen = Array.from(viewers.values(), ({ viewer }) => viewer.ledger.eventCount).join(' ')
      onProgress(`${Math.round((performance.now() - startedMs) / 1000)} s, events of the viewers: ${seen}`)
    }
    for (const cutter of cutters.values()) cutter.stop()
    await sleep(1000)
    for (const feed of feeds.values()) await feed.stop()
    // The lines pass through this process: to judge all the time would cut them.
    let judgedMs = 0
    await until(() => {
      if (performance.now() - judgedMs < JUDGE_MS) return false
      const isExact = [...judge().values()].every(({ faults }) => faults.length === 0)
      judgedMs = performance.now()
      return isExact
    }, SETTLE_MS)
    const json = viewers.get('json')?.viewer.ledger.epochs ?? []
    return {
      sent: Object.fromEntries(Array.from(feeds, ([name, { sentCount }]) => [name, sentCount])),
      cuts: Object.fromEntries(Array.from(cutters, ([name, { counts }]) => [name, Object.fromEntries(counts)])),
      verdicts: Object.fromEntries(judge()),
      viewerReconnects: viewers.get('block, line cut')?.viewer.reconnects ?? 0,
      epochs: Object.fromEntries(nodes.map(({ name }) => [name, json.filter(({ node }) => node === name).length])),
    }
  } finally {
    for (const cutter of cutters.values()) cutter.stop()
    for (const feed of feeds.values()) await feed.stop()
    for (const viewer of everyViewer) viewer.close()
    await viewerLine.close()
  }
}

/** Verdicts of one viewer on several nodes; each counts all of its events. */
function merged(parts: readonly Verdict[]): Verdict {
  const sum = (read: (part: Verdict) => number): number => parts.reduce((total, part) => total + read(part), 0)
  return {
    events: parts[0]?.events ?? 0,
    inGaps: sum(({ inGaps }) => inGaps),
    afterEnd: sum(({ afterEnd }) => afterEnd),
    gaps: sum(({ gaps }) => gaps),
    faults: parts.flatMap(({ faults }) => faults),
  }
}

async function until(isDone: () => boolean, mostMs: number): Promise<void> {
  for (const endMs = performance.now() + mostMs; !isDone() && performance.now() < endMs;) await sleep(250)
}
