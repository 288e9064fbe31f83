import type { EventBlock } from '@hepscope/shared/event/block.ts'
import { TEXT } from '@hepscope/shared/event/columns.ts'
import { METHODS, OTHER_METHOD } from '@hepscope/shared/sip/methods.ts'
import { agentLabel } from './call-record.ts'
import type { Statistics } from './protocol.ts'
import { tallies } from './statistics.ts'

/** Most different names of one sort; what comes after is not counted. */
const MAX_NAMES = 200

/** Messages by method, code, node and agent since the page was opened. */
export class MessageTally {
  /** By number, so that no string is made per message. */
  readonly #methods = new Float64Array(METHODS.length)
  readonly #others = new Map<string, number>()
  readonly #codes = new Float64Array(700)
  readonly #nodes = new Map<string, number>()
  readonly #agents = new Map<string, number>()

  /** @param fromRow rows before it were counted already */
  noteBlock(block: EventBlock, fromRow: number): void {
    add(this.#nodes, block.node, block.count - fromRow)
    let agent = -1
    let agentRows = 0
    for (let row = fromRow; row < block.count; row++) {
      const code = block.statusCode[row] ?? 0
      if (code >= 100 && code < 700) this.#codes[code] = (this.#codes[code] ?? 0) + 1
      else this.#noteMethod(block, row)
      const agentId = block.agentId[row] ?? 0
      if (agentId !== agent && agentRows > 0) this.#noteAgent(block, row - 1, agentRows)
      agentRows = agentId === agent ? agentRows + 1 : 1
      agent = agentId
    }
    if (agentRows > 0) this.#noteAgent(block, block.count - 1, agentRows)
  }

  get counts(): Pick<Statistics, 'methods' | 'codes' | 'nodes' | 'agents'> {
    return {
      methods: tallies([...METHODS.map((name, i) => [name, this.#methods[i] ?? 0] as const), ...this.#others]),
      codes: tallies([...this.#codes].map((count, code) => [String(code), count])),
      nodes: tallies(this.#nodes),
      agents: tallies(this.#agents),
    }
  }

  #noteMethod(block: EventBlock, row: number): void {
    const number = block.method[row] ?? 0
    if (number === OTHER_METHOD) add(this.#others, block.methodName(row), 1)
    else if (number > 0) this.#methods[number] = (this.#methods[number] ?? 0) + 1
  }

  #noteAgent(block: EventBlock, row: number, count: number): void {
    add(this.#agents, agentLabel(block.agentId[row] ?? 0, block.text(TEXT.agentName, row)), count)
  }
}

function add(counts: Map<string, number>, name: string, count: number): void {
  const before = counts.get(name)
  if (before === undefined && counts.size >= MAX_NAMES) return
  counts.set(name, (before ?? 0) + count)
}
