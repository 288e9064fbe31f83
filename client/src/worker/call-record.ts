import type { Call, CallKind } from '@hepscope/shared/call/call.ts'
import { PROBLEM_NAMES, type Problem, problemBits } from '@hepscope/shared/call/problem.ts'
import type { EventBlock } from '@hepscope/shared/event/block.ts'
import { FLAG, TEXT } from '@hepscope/shared/event/columns.ts'
import { EventRefs } from './event-refs.ts'
import type { ListEntry } from './list-entry.ts'
import type { CallRow } from './protocol.ts'

/** Most nodes and most agents that are named of one call. */
const MAX_SEEN_BY = 8
const NO_PROBLEMS: readonly Problem[] = []

/** What the worker knows of one call beside the call itself. */
export class CallRecord implements ListEntry {
  readonly call: Call
  /** Place in the order of arrival, from 1; also the row's key. */
  readonly key: number
  /** The first event on the server's clock, microseconds since 1970. */
  readonly startClockUs: number
  readonly refs = new EventRefs()
  /** What the filter asks of events holds of one of its events; of the call, too. */
  hasMatch = false
  isMatched = false
  /** The list has it. */
  isListed = false
  #source = ''
  #destination = ''
  #sourceUs = Infinity
  #nodes: readonly string[] = []
  #agentIds: readonly number[] = []
  #agents: readonly string[] = []
  #row: CallRow | undefined
  #rowVersion = -1
  #problemBits = 0
  #problemVersion = -1

  constructor(call: Call, key: number, startClockUs: number) {
    this.call = call
    this.key = key
    this.startClockUs = startClockUs
  }

  get kind(): CallKind {
    return this.call.kind
  }

  /** Take of an event what the call does not keep: who saw it, and who sent the first message to whom. */
  noteEvent(block: EventBlock, row: number): void {
    if (this.#nodes.at(-1) !== block.node && !this.#nodes.includes(block.node) && this.#nodes.length < MAX_SEEN_BY) {
      this.#nodes = [...this.#nodes, block.node]
    }
    const agentId = block.agentId[row] ?? 0
    if (!this.#agentIds.includes(agentId) && this.#agentIds.length < MAX_SEEN_BY) {
      this.#agentIds = [...this.#agentIds, agentId]
      this.#agents = [...this.#agents, agentLabel(agentId, block.text(TEXT.agentName, row))]
    }
    const tsUs = block.tsUs[row] ?? 0
    if (tsUs >= this.#sourceUs || ((block.flags[row] ?? 0) & FLAG.sip) === 0) return
    this.#sourceUs = tsUs
    this.#source = endpointText(block.srcIp(row), block.srcPort[row] ?? 0)
    this.#destination = endpointText(block.dstIp(row), block.dstPort[row] ?? 0)
  }

  /** Take over what `other`, now a part of this call, was. */
  absorb(other: CallRecord): void {
    this.refs.addAll(other.refs)
    this.#nodes = [...new Set([...this.#nodes, ...other.#nodes])].slice(0, MAX_SEEN_BY)
    const others = other.#agentIds.map((id, i) => ({ id, label: other.#agents[i] ?? '' }))
    for (const { id, label } of others) {
      if (this.#agentIds.includes(id) || this.#agentIds.length === MAX_SEEN_BY) continue
      this.#agentIds = [...this.#agentIds, id]
      this.#agents = [...this.#agents, label]
    }
    if (other.#sourceUs < this.#sourceUs) {
      this.#sourceUs = other.#sourceUs
      this.#source = other.#source
      this.#destination = other.#destination
    }
    this.hasMatch ||= other.hasMatch
    this.#rowVersion = -1
  }

  /** As `problemBits` has them. */
  get problemBits(): number {
    if (this.#problemVersion !== this.call.version) {
      this.#problemBits = problemBits(this.call)
      this.#problemVersion = this.call.version
    }
    return this.#problemBits
  }

  /** The row as it is now; the same object as long as the call did not change. */
  row(): CallRow {
    if (this.#row === undefined || this.#rowVersion !== this.call.version) {
      this.#row = this.#makeRow()
      this.#rowVersion = this.call.version
    }
    return this.#row
  }

  #makeRow(): CallRow {
    const { call, key, startClockUs, problemBits: bits } = this
    return {
      type: 'call',
      key,
      id: call.id,
      kind: call.kind,
      state: call.state,
      stateClass: call.stateClass,
      statusCode: call.statusCode,
      reason: call.reason,
      from: call.fromUser || call.fromHost,
      to: call.toUser || call.ruriUser || call.toHost,
      route: [...call.route],
      startUs: call.firstUs,
      startClockUs,
      setupUs: call.kind === 'call' ? call.postDialDelayUs : call.responseTimeUs,
      lengthUs: call.isRunning ? undefined : Math.max(0, (call.endAtUs ?? call.lastUs) - call.firstUs),
      talkUs: call.talkUs,
      messageCount: call.messageCount,
      legs: call.legs.map((leg) => leg.callId),
      evidence: [...call.evidence],
      method: call.method,
      source: this.#source,
      destination: this.#destination,
      ringUs: call.ringUs,
      repeatCount: call.retransmissionCount,
      nodes: this.#nodes,
      agents: this.#agents,
      userAgent: call.userAgent,
      transport: call.transport,
      codec: call.codec,
      hangupSide: call.hangupSide,
      problems: bits === 0 ? NO_PROBLEMS : PROBLEM_NAMES.filter((_, i) => (bits & (1 << i)) !== 0),
    }
  }
}

function endpointText(ip: string, port: number): string {
  return ip.includes(':') ? `[${ip}]:${port}` : `${ip}:${port}`
}

/** How an agent is called in the list: its id and, if it sends one, its name. */
export function agentLabel(agentId: number, name: string): string {
  return name === '' ? String(agentId) : `${agentId} ${name}`
}
