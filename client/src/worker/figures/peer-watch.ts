import type { Call } from '@hepscope/shared/call/call.ts'
import { outcomeOf } from '@hepscope/shared/figures/outcome.ts'

/** Length of one cell, seconds, and how many there are: an hour. */
export const CELL_SECONDS = 300
export const CELLS = 12
/** Fewer decided calls than this say nothing. */
export const MIN_CALLS = 5
/** Most peers that are remembered. */
const MAX_PEERS = 500
/** Deviation of a share that never varied, so that one odd call is no alarm. */
const MIN_DEVIATION = 0.02

interface Cell {
  index: number
  decided: number
  answered: number
}

/** Answered calls of one peer in one cell. */
export interface PeerCell {
  readonly decided: number
  readonly answered: number
  /**
   * How far the share of answered calls is from what is normal for this peer, in standard deviations of a share of so
   * many calls; undefined where there are too few calls, or nothing to compare them with.
   */
  readonly deviation: number | undefined
}

/** One peer over the last hour, oldest cell first. */
export interface PeerRow {
  /** `ip` of the far end of the first hop that was seen. */
  readonly peer: string
  readonly decided: number
  readonly cells: readonly PeerCell[]
}

/** How calls to each peer fare against that peer's own hour. */
export class PeerWatch {
  readonly #peers = new Map<string, Cell[]>()
  readonly #counted = new WeakSet<Call>()

  /** Count a call once, as soon as its fate is known. */
  note(call: Call, second: number): void {
    if (call.kind !== 'call' || this.#counted.has(call)) return
    const outcome = outcomeOf(call)
    if (outcome === 'pending' || outcome === 'unclear') return
    const peer = peerOf(call)
    if (peer === undefined) return
    this.#counted.add(call)
    const cell = this.#cellOf(peer, Math.floor(second / CELL_SECONDS))
    cell.decided++
    if (outcome === 'answered') cell.answered++
  }

  /** Peers with decided calls in the last hour, those with most calls first. */
  rows(second: number, limit: number): PeerRow[] {
    const newest = Math.floor(second / CELL_SECONDS)
    const rows: PeerRow[] = []
    for (const [peer, cells] of this.#peers) {
      const row = rowOf(peer, cells, newest)
      if (row.decided > 0) rows.push(row)
    }
    return rows.sort((a, b) => b.decided - a.decided || (a.peer < b.peer ? -1 : 1)).slice(0, limit)
  }

  #cellOf(peer: string, index: number): Cell {
    let cells = this.#peers.get(peer)
    if (cells === undefined) {
      if (this.#peers.size >= MAX_PEERS) this.#forgetOldest()
      cells = Array.from({ length: CELLS }, () => ({ index: -1, decided: 0, answered: 0 }))
      this.#peers.set(peer, cells)
    }
    const cell = cells[index % CELLS] ?? { index, decided: 0, answered: 0 }
    if (cell.index !== index) {
      cell.index = index
      cell.decided = 0
      cell.answered = 0
    }
    return cell
  }

  #forgetOldest(): void {
    let oldest: [peer: string, index: number] | undefined
    for (const [peer, cells] of this.#peers) {
      const newest = Math.max(...cells.map(({ index }) => index))
      if (oldest === undefined || newest < oldest[1]) oldest = [peer, newest]
    }
    if (oldest !== undefined) this.#peers.delete(oldest[0])
  }
}

function rowOf(peer: string, cells: readonly Cell[], newest: number): PeerRow {
  const hour = Array.from({ length: CELLS }, (_, i) => cells.find(({ index }) => index === newest - CELLS + 1 + i))
  const sum = (read: (cell: Cell) => number): number =>
    hour.reduce((total, cell) => total + (cell === undefined ? 0 : read(cell)), 0)
  const decided = sum((cell) => cell.decided)
  const answered = sum((cell) => cell.answered)
  return {
    peer,
    decided,
    cells: hour.map((cell): PeerCell => {
      if (cell === undefined) return { decided: 0, answered: 0, deviation: undefined }
      const others = decided - cell.decided
      const deviation =
        cell.decided < MIN_CALLS || others < MIN_CALLS
          ? undefined
          : deviationOf(cell.answered / cell.decided, (answered - cell.answered) / others, cell.decided)
      return { decided: cell.decided, answered: cell.answered, deviation }
    }),
  }
}

function deviationOf(share: number, normal: number, calls: number): number {
  return (share - normal) / Math.max(MIN_DEVIATION, Math.sqrt((normal * (1 - normal)) / calls))
}

function peerOf({ route }: Call): string | undefined {
  const far = route[1]
  return far === undefined ? undefined : far.slice(0, far.lastIndexOf(':'))
}
