import type { EventBlock } from '@hepscope/shared/event/block.ts'
import { TEXT } from '@hepscope/shared/event/columns.ts'

/** Most agents that are remembered; the one that was silent longest makes room. */
export const MAX_AGENTS = 2048
/** Seconds over which a rate is taken. */
const RATE_SECONDS = 10
/** Seconds after which the clock of an agent is measured anew. */
const CLOCK_WINDOW_SECONDS = 60

/** What is known of one capture agent of one node. */
export interface AgentStatus {
  readonly node: string
  /** HEP chunk 0x000c. */
  readonly agentId: number
  /** HEP chunk 0x0013; `''` if it never sent one. */
  readonly name: string
  readonly events: number
  /** Mean over the last ten whole seconds. */
  readonly eventsPerSec: number
  /** When the first and the latest event was taken in, by the clock of its node, ms since 1970. */
  readonly firstMs: number
  readonly lastMs: number
  /**
   * Clock of the node minus time of capture, the least of the last one to two minutes, ms: the way from the agent,
   * plus what their clocks differ. Below 0 the agent's clock is ahead.
   */
  readonly clockOffsetMs: number
}

class Agent {
  events = 0
  readonly firstUs: number
  lastUs = 0
  readonly #counts = new Float64Array(RATE_SECONDS + 1)
  #second = 0
  #windowStart = 0
  #least = Infinity
  #leastBefore = Infinity
  readonly node: string
  readonly agentId: number
  readonly name: string

  constructor(node: string, agentId: number, name: string, firstUs: number) {
    this.node = node
    this.agentId = agentId
    this.name = name
    this.firstUs = firstUs
  }

  note(takenUs: number, tsUs: number): void {
    const second = Math.floor(takenUs / 1_000_000)
    this.#advance(second)
    if (second > this.#second - this.#counts.length) {
      const at = second % this.#counts.length
      this.#counts[at] = (this.#counts[at] ?? 0) + 1
    }
    this.events++
    this.lastUs = Math.max(this.lastUs, takenUs)
    if (second - this.#windowStart >= CLOCK_WINDOW_SECONDS) {
      this.#leastBefore = this.#least
      this.#least = Infinity
      this.#windowStart = second
    }
    this.#least = Math.min(this.#least, takenUs - tsUs)
  }

  status(nowMs: number): AgentStatus {
    const second = Math.floor(nowMs / 1000)
    this.#advance(second)
    let sum = 0
    for (let i = 1; i <= RATE_SECONDS; i++) sum += this.#counts[(second - i) % this.#counts.length] ?? 0
    return {
      node: this.node,
      agentId: this.agentId,
      name: this.name,
      events: this.events,
      eventsPerSec: second < this.#second ? 0 : sum / RATE_SECONDS,
      firstMs: this.firstUs / 1000,
      lastMs: this.lastUs / 1000,
      clockOffsetMs: Math.min(this.#least, this.#leastBefore) / 1000,
    }
  }

  #advance(second: number): void {
    if (second <= this.#second) return
    if (second - this.#second >= this.#counts.length) this.#counts.fill(0)
    else for (let s = this.#second + 1; s <= second; s++) this.#counts[s % this.#counts.length] = 0
    this.#second = second
  }
}

/** Who captures: every agent of which an event came, with its rate and clock. Takes time per row, not per agent. */
export class AgentBook {
  readonly #agents = new Map<string, Agent>()

  note(block: EventBlock): void {
    let agent: Agent | undefined
    let id = -1
    let nameAt = -1
    let nameLength = -1
    for (let row = 0; row < block.count; row++) {
      const i = row + TEXT.agentName * block.rows
      const length = block.textLength[i] ?? 0
      const at = length === 0 ? 0 : (block.textAt[i] ?? 0)
      const isSame = block.agentId[row] === id && length === nameLength && isEqual(block.arena, at, nameAt, length)
      if (agent === undefined || !isSame) {
        id = block.agentId[row] ?? 0
        nameAt = at
        nameLength = length
        agent = this.#agentOf(block.node, id, block.text(TEXT.agentName, row), block.sealedUs)
      }
      agent.note(block.sealedUs, block.tsUs[row] ?? 0)
    }
  }

  /** In order of node, id and name. */
  list(nowMs: number): AgentStatus[] {
    return [...this.#agents.values()]
      .map((agent) => agent.status(nowMs))
      .sort((a, b) => compare(a.node, b.node) || a.agentId - b.agentId || compare(a.name, b.name))
  }

  #agentOf(node: string, agentId: number, name: string, nowUs: number): Agent {
    const key = `${agentId} ${node}\n${name}`
    const known = this.#agents.get(key)
    if (known !== undefined) return known
    if (this.#agents.size >= MAX_AGENTS) this.#forgetOldest()
    const agent = new Agent(node, agentId, name, nowUs)
    this.#agents.set(key, agent)
    return agent
  }

  #forgetOldest(): void {
    let oldest: [key: string, lastUs: number] | undefined
    for (const [key, { lastUs }] of this.#agents) {
      if (oldest === undefined || lastUs < oldest[1]) oldest = [key, lastUs]
    }
    if (oldest !== undefined) this.#agents.delete(oldest[0])
  }
}

function isEqual(bytes: Uint8Array, a: number, b: number, length: number): boolean {
  for (let i = 0; i < length; i++) if (bytes[a + i] !== bytes[b + i]) return false
  return true
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0
}
