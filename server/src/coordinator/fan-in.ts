import type { EventBlock } from '@hepscope/shared/event/block.ts'
import type { StatusFrame } from '@hepscope/shared/frame/control.ts'
import type { Logger } from '../log.ts'
import { NodeLink, type NodeLinkOptions } from './node-link.ts'
import { type NodeStatus, statusFrame } from './node-status.ts'
import { ReorderWindow } from './reorder.ts'

/** How long the first events of a connected node may take. */
const REPLAY_MS = 1000

/** A node to listen to. */
export type RemoteNode = Pick<NodeLinkOptions, 'name' | 'url' | 'token' | 'ca'>

export interface FanInOptions {
  readonly nodes: readonly RemoteNode[]
  /** This server itself. */
  readonly own: { readonly node: string; readonly epoch: number }
  /** Whether `publishLocal` will be called: this server takes HEP as well. */
  readonly hasLocal: boolean
  readonly withPayload: boolean
  readonly handshakeTimeoutMs: number
  readonly reorderMs: number
  readonly log: Logger
}

/** Where the events of all nodes go: the broker. */
export interface FanInTarget {
  publish(block: EventBlock): void
  announce(frame: StatusFrame): void
}

/** Brings the events of all nodes together, with one connection to each however many viewers there are. */
export class FanIn {
  readonly #options: FanInOptions
  readonly #target: FanInTarget
  readonly #window: ReorderWindow
  readonly #links: readonly NodeLink[]
  readonly #local = { epoch: 0, seq: 0, events: 0, blocks: 0, bytes: 0 }
  readonly #startedMs = Date.now()
  readonly #states = new Map<string, NodeStatus['state']>()
  /**
   * Resolves when what the nodes had at first is here, or after some seconds. A viewer that came earlier would get the
   * past as if it happened now, and what it saw before this server started a second time.
   */
  readonly ready: Promise<void>
  #setReady = (): void => {}
  #readyTimer: NodeJS.Timeout | undefined
  #unsettledCount: number

  constructor(options: FanInOptions, target: FanInTarget) {
    const { nodes, own, withPayload, handshakeTimeoutMs, reorderMs } = options
    this.#options = options
    this.#target = target
    this.#unsettledCount = nodes.length
    this.ready = new Promise((resolve) => (this.#setReady = resolve))
    this.#window = new ReorderWindow({ windowMs: reorderMs }, (block) => target.publish(block))
    this.#links = nodes.map(
      (node) =>
        new NodeLink(
          { ...node, own, withPayload, handshakeTimeoutMs },
          {
            onBlock: (block) => this.#window.push(block),
            onStatus: (status) => this.#changed(status),
            onSettled: () => {
              if (--this.#unsettledCount === 0) this.#begin()
            },
          },
        ),
    )
  }

  /** Begin to listen. */
  open(): void {
    for (const status of this.status()) this.#target.announce(statusFrame(status))
    for (const link of this.#links) link.open()
    this.#readyTimer = setTimeout(() => this.#begin(), this.#options.handshakeTimeoutMs + REPLAY_MS)
  }

  /** A block of this server's own ingest. */
  publishLocal(block: EventBlock): void {
    this.#local.epoch = block.epoch
    this.#local.seq = block.lastSeq
    this.#local.events += block.count
    this.#local.blocks++
    this.#local.bytes += block.bytes.length
    this.#window.push(block)
  }

  /** All nodes, this server first if it is one. */
  status(): readonly NodeStatus[] {
    const remote = this.#links.map(({ status }) => status)
    return this.#options.hasLocal ? [this.#localStatus(), ...remote] : remote
  }

  /** Blocks that wait in the reorder window. */
  get waitingBlocks(): number {
    return this.#window.heldCount
  }

  /** Blocks that left the reorder window early because too much waited. */
  get earlyBlocks(): number {
    return this.#window.earlyCount
  }

  /** End all connections at once and hand on what waits. Idempotent. */
  close(): void {
    for (const link of this.#links) link.close()
    this.#begin()
  }

  #begin(): void {
    clearTimeout(this.#readyTimer)
    this.#window.flush()
    this.#setReady()
  }

  #changed(status: NodeStatus): void {
    this.#target.announce(statusFrame(status))
    const { node, state, lastError, kind, calledItself } = status
    if (this.#states.get(node) === state) return
    this.#states.set(node, state)
    if (state === 'down') this.#options.log.warn({ node, reason: lastError }, 'node is down')
    else this.#options.log.info({ node, kind, calledItself, reconnects: status.reconnects }, `node is ${state}`)
  }

  #localStatus(): NodeStatus {
    const { own } = this.#options
    return {
      node: own.node,
      isLocal: true,
      state: 'connected',
      kind: 'hepscope',
      calledItself: own.node,
      epoch: own.epoch,
      seq: this.#local.seq === 0 ? undefined : this.#local.seq,
      lagMs: 0,
      reconnects: 0,
      events: this.#local.events,
      blocks: this.#local.blocks,
      bytes: this.#local.bytes,
      badFrames: 0,
      gaps: {},
      lastError: undefined,
      lastBadFrame: undefined,
      connectedSinceMs: this.#startedMs,
    }
  }
}
