import type { EventBlock } from '@hepscope/shared/event/block.ts'
import { renameNode } from '@hepscope/shared/event/rename.ts'
import type { GapFrame, HelloFrame, NodePosition } from '@hepscope/shared/frame/control.ts'
import { Backoff } from '../backoff.ts'
import type { LivenessOptions } from './liveness.ts'
import { NodeSession } from './node-session.ts'
import type { NodeStatus } from './node-status.ts'

/** Pauses are 500 ms to 30 s: a random half is taken away. */
const FIRST_RETRY_MS = 1000
const MOST_RETRY_MS = 30_000
/** A session that lasted so long was a good one: the next retry comes soon again. */
const GOOD_SESSION_MS = 5000
/** Nodes whose events may come through one link: one, or more through another coordinator. */
const MAX_POSITIONS = 64

export interface NodeLinkOptions {
  /** What the node's events and its status are called here, whatever it calls itself. */
  readonly name: string
  /** `ws:` or `wss:` URL of its stream. */
  readonly url: URL
  readonly token?: string
  /** PEM of the authorities to trust instead of the system's. */
  readonly ca?: string
  /** Ask for payloads; the node decides. */
  readonly withPayload: boolean
  readonly handshakeTimeoutMs: number
  /** Identity of this server, so that it does not listen to itself. */
  readonly own: { readonly node: string; readonly epoch: number }
  readonly liveness?: LivenessOptions
  readonly backoff?: Backoff
}

export interface NodeLinkEvents {
  onBlock(block: EventBlock): void
  /** State, epoch or error of the node has changed. */
  onStatus(status: NodeStatus): void
  /** What the node had at first is here, or there is nothing to wait for. Called once. */
  onSettled(): void
}

/** Listens to one node for good: an ended connection is made again, and only what was missed is sent again. */
export class NodeLink {
  readonly #options: NodeLinkOptions
  readonly #events: NodeLinkEvents
  readonly #backoff: Backoff
  /** Where each node ended, by its own name. */
  readonly #positions = new Map<string, NodePosition>()
  #isSettled = false
  readonly #counts = { reconnects: 0, events: 0, blocks: 0, badFrames: 0 }
  readonly #gaps: Partial<Record<GapFrame['cause'], number>> = {}
  #session: NodeSession | undefined
  #retryTimer: NodeJS.Timeout | undefined
  #isClosed = false
  #state: NodeStatus['state'] = 'connecting'
  #kind: NodeStatus['kind']
  /** What the node calls itself. */
  #ownName: string | undefined
  #epoch: number | undefined
  #seq: number | undefined
  #lagMs: number | undefined
  #lastError: string | undefined
  #lastBadFrame: string | undefined
  #openedMs: number | undefined
  #hasBeenOpen = false
  /** Bytes of ended sessions. */
  #bytes = 0
  /** Epoch of the last connection to an original node. */
  #connectionEpoch = 0

  constructor(options: NodeLinkOptions, events: NodeLinkEvents) {
    this.#options = options
    this.#events = events
    this.#backoff = options.backoff ?? new Backoff(FIRST_RETRY_MS, MOST_RETRY_MS)
  }

  /** Make the first connection. */
  open(): void {
    this.#connect()
  }

  /** End at once; nothing is called afterwards. Idempotent. */
  close(): void {
    this.#isClosed = true
    clearTimeout(this.#retryTimer)
    this.#session?.close()
    this.#session = undefined
  }

  get status(): NodeStatus {
    return {
      node: this.#options.name,
      isLocal: false,
      state: this.#state,
      kind: this.#kind,
      calledItself: this.#ownName,
      epoch: this.#epoch,
      seq: this.#seq,
      lagMs: this.#state === 'connected' ? this.#lagMs : undefined,
      ...this.#counts,
      bytes: this.#bytes + (this.#session?.receivedBytes ?? 0),
      gaps: { ...this.#gaps },
      lastError: this.#lastError,
      lastBadFrame: this.#lastBadFrame,
      connectedSinceMs: this.#openedMs,
    }
  }

  #connect(): void {
    const { name, token, ca, handshakeTimeoutMs, liveness } = this.#options
    this.#connectionEpoch = Math.max(Date.now(), this.#connectionEpoch + 1)
    const session = new NodeSession(
      {
        url: this.#streamUrl(),
        ...(token !== undefined && { token }),
        ...(ca !== undefined && { ca }),
        handshakeTimeoutMs,
        original: { node: name, epoch: this.#connectionEpoch },
        ...(liveness !== undefined && { liveness }),
      },
      {
        onOpen: () => this.#opened(),
        onHello: (hello) => this.#hello(hello),
        onBlock: (block, lagMs) => this.#block(block, lagMs),
        onGap: (gap) => this.#gap(gap),
        onLag: (lagMs) => {
          this.#lagMs = lagMs
        },
        onReplayEnd: () => this.#settle(),
        onBadFrame: (reason) => {
          this.#counts.badFrames++
          this.#lastBadFrame = reason
        },
        onOriginal: () => {
          this.#kind = 'original'
          this.#settle()
          this.#changed()
        },
        onEnd: (reason) => this.#ended(session, reason),
      },
    )
    this.#session = session
  }

  #streamUrl(): URL {
    const url = new URL(this.#options.url)
    const { searchParams } = url
    searchParams.set('format', 'block')
    searchParams.set('control', '1')
    if (this.#options.withPayload) searchParams.set('include_payload', '1')
    const positions = [...this.#positions.values()]
    for (const { node, epoch, seq } of positions) searchParams.append('since', `${epoch}:${seq}@${node}`)
    // All that the node still has.
    if (positions.length === 0) searchParams.set('since', '0:0')
    return url
  }

  #opened(): void {
    if (this.#hasBeenOpen) this.#counts.reconnects++
    this.#hasBeenOpen = true
    this.#openedMs = Date.now()
    this.#lagMs = undefined
    this.#lastError = undefined
    this.#state = 'connected'
    this.#changed()
  }

  #hello({ node, epoch }: HelloFrame): void {
    if (this.#refusesOwn({ node, epoch })) return
    this.#kind = 'hepscope'
    this.#ownName = node
    this.#epoch = epoch
    this.#changed()
  }

  /** End a connection that leads back to this server: its events would be here twice, under two names. */
  #refusesOwn({ node, epoch }: { readonly node: string; readonly epoch: number }): boolean {
    const { own } = this.#options
    if (node !== own.node || epoch !== own.epoch) return false
    const session = this.#session
    session?.close()
    this.#ended(session, `its url leads to this server itself, ${own.node}`)
    return true
  }

  #block(block: EventBlock, lagMs: number | undefined): void {
    if (this.#refusesOwn(block)) return
    const known = this.#positions.get(block.node)
    if (known?.epoch !== block.epoch || known.seq < block.lastSeq) this.#moveTo(block, block.lastSeq)
    this.#counts.blocks++
    this.#counts.events += block.count
    this.#lagMs = lagMs
    const isOfNode = block.node === this.#ownName || this.#kind !== 'hepscope'
    if (isOfNode) {
      const hasChanged = this.#epoch !== block.epoch
      this.#epoch = block.epoch
      this.#seq = block.lastSeq
      if (hasChanged) this.#changed()
    }
    const { name } = this.#options
    this.#events.onBlock(isOfNode && block.node !== name ? renameNode(block, name) : block)
  }

  #gap(gap: GapFrame): void {
    this.#gaps[gap.cause] = (this.#gaps[gap.cause] ?? 0) + (gap.count ?? 0)
    const known = this.#positions.get(gap.node)
    // What is gone for good need not be asked for, and reported, again.
    if (gap.to !== undefined && known?.epoch === gap.epoch && gap.from <= known.seq + 1 && gap.to > known.seq) {
      this.#moveTo(gap, gap.to)
    }
  }

  #moveTo({ node, epoch }: { readonly node: string; readonly epoch: number }, seq: number): void {
    if (this.#kind === 'original') return
    this.#positions.delete(node)
    this.#positions.set(node, { node, epoch, seq })
    for (const oldest of this.#positions.keys()) {
      if (this.#positions.size <= MAX_POSITIONS) break
      this.#positions.delete(oldest)
    }
  }

  #ended(session: NodeSession | undefined, reason: string): void {
    if (this.#isClosed) return
    this.#bytes += session?.receivedBytes ?? 0
    this.#session = undefined
    if (this.#openedMs !== undefined && Date.now() - this.#openedMs >= GOOD_SESSION_MS) this.#backoff.reset()
    this.#openedMs = undefined
    this.#state = 'down'
    this.#settle()
    this.#lastError = reason
    this.#retryTimer = setTimeout(() => this.#connect(), this.#backoff.nextMs())
    this.#changed()
  }

  #settle(): void {
    if (this.#isSettled) return
    this.#isSettled = true
    this.#events.onSettled()
  }

  #changed(): void {
    this.#events.onStatus(this.status)
  }
}
