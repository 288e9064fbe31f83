import type { Call } from '@hepscope/shared/call/call.ts'
import type { EventBlock } from '@hepscope/shared/event/block.ts'
import { FLAG, TEXT } from '@hepscope/shared/event/columns.ts'
import { OTHER_METHOD } from '@hepscope/shared/sip/methods.ts'

/** Most entries of each list of a call. */
const MAX_ENTRIES = 16
const MAX_TEXT = 128

/** The event by which a call is named: the first that was heard of it. */
export interface CallName {
  readonly node: string
  readonly epoch: number
  readonly seq: number
  /** Time of the event, microseconds since 1970. */
  readonly tsUs: number
}

/** What a row of a call says beside what the call model knows: who saw which events of it. */
export class CallSight {
  readonly name: CallName
  /** `version` of the row that was written last; 0 if there is none. */
  writtenVersion = 0
  lastEpoch: number
  lastSeq: number
  srcIp = ''
  srcPort = 0
  dstIp = ''
  dstPort = 0
  uas = ''
  codes: readonly number[] = []
  methods: readonly string[] = []
  nodes: readonly string[]
  agentNames: readonly string[] = []
  #hasAnswered = false
  #methods = 0
  #lastCode = 0

  constructor(name: CallName) {
    this.name = name
    this.lastEpoch = name.epoch
    this.lastSeq = name.seq
    this.nodes = [name.node]
  }

  /** Take one event of the call. */
  note(block: EventBlock, row: number, seq: number): void {
    const { node, epoch } = block
    if (node === this.name.node) {
      this.lastEpoch = epoch
      this.lastSeq = seq
    } else this.nodes = withEntry(this.nodes, node)
    if (block.hasText(TEXT.agentName, row)) {
      const name = block.text(TEXT.agentName, row).slice(0, MAX_TEXT)
      this.agentNames = withEntry(this.agentNames, name)
    }
    const flags = block.flags[row] ?? 0
    if ((flags & FLAG.sip) !== 0) this.#noteSip(block, row, (flags & FLAG.request) !== 0)
  }

  /** Take what another call has, which turned out to be a leg of this one. */
  merge(other: CallSight): void {
    for (const code of other.codes) this.codes = withEntry(this.codes, code)
    for (const method of other.methods) this.methods = withEntry(this.methods, method)
    for (const node of other.nodes) this.nodes = withEntry(this.nodes, node)
    for (const name of other.agentNames) this.agentNames = withEntry(this.agentNames, name)
    if (this.uas === '') this.uas = other.uas
    if (other.name.node === this.name.node && isLater(other, this)) {
      this.lastEpoch = other.lastEpoch
      this.lastSeq = other.lastSeq
    }
  }

  #noteSip(block: EventBlock, row: number, isRequest: boolean): void {
    const method = block.method[row] ?? 0
    if (method === OTHER_METHOD || (this.#methods & (1 << method)) === 0) {
      this.#methods |= 1 << method
      const name = block.methodName(row).slice(0, MAX_TEXT)
      if (name !== '') this.methods = withEntry(this.methods, name)
    }
    if (this.srcIp === '') this.#noteFirstHop(block, row, isRequest)
    const code = block.statusCode[row] ?? 0
    if (code === 0) return
    if (code !== this.#lastCode) this.codes = withEntry(this.codes, code)
    this.#lastCode = code
    if (code > 100 && !this.#hasAnswered && block.hasText(TEXT.userAgent, row)) {
      this.#hasAnswered = code >= 200 && code < 300
      this.uas = block.text(TEXT.userAgent, row).slice(0, MAX_TEXT)
    }
  }

  #noteFirstHop(block: EventBlock, row: number, isRequest: boolean): void {
    const source = { ip: block.srcIp(row), port: block.srcPort[row] ?? 0 }
    const destination = { ip: block.dstIp(row), port: block.dstPort[row] ?? 0 }
    const [from, to] = isRequest ? [source, destination] : [destination, source]
    this.srcIp = from.ip
    this.srcPort = from.port
    this.dstIp = to.ip
    this.dstPort = to.port
  }
}

/** A call and what was seen of it. */
export interface SeenCall {
  readonly call: Call
  readonly sight: CallSight
}

function isLater(a: CallSight, b: CallSight): boolean {
  return a.lastEpoch > b.lastEpoch || (a.lastEpoch === b.lastEpoch && a.lastSeq > b.lastSeq)
}

function withEntry<T>(list: readonly T[], entry: T): readonly T[] {
  return list.includes(entry) || list.length >= MAX_ENTRIES ? list : list.concat([entry])
}
