import type { GapCause, StatusFrame } from '@hepscope/shared/frame/control.ts'

/** How it stands with one node, for operators and viewers. */
export interface NodeStatus {
  /** Name by which its events are known here. */
  readonly node: string
  /** This server's own events, which take no connection. */
  readonly isLocal: boolean
  /** `connecting` before the first attempt has ended; `down` between the others too. */
  readonly state: StatusFrame['state']
  /** Undefined until it has said something. */
  readonly kind: 'hepscope' | 'original' | undefined
  /** Name that the node has for itself, where it has said so. */
  readonly calledItself: string | undefined
  /** Of its newest event; `epoch` is known from the connection on. */
  readonly epoch: number | undefined
  readonly seq: number | undefined
  /** How much later than at best its events come; undefined without a connection or a block. */
  readonly lagMs: number | undefined
  /** Connections after the first. */
  readonly reconnects: number
  readonly events: number
  readonly blocks: number
  readonly bytes: number
  /** Frames that were skipped because they could not be read. */
  readonly badFrames: number
  /** Events that the node said it could not give, by cause. */
  readonly gaps: Readonly<Partial<Record<GapCause, number>>>
  /** Why it is down. */
  readonly lastError: string | undefined
  readonly lastBadFrame: string | undefined
  /** Ms since 1970. */
  readonly connectedSinceMs: number | undefined
}

/** What viewers are told of it. */
export function statusFrame(status: NodeStatus): StatusFrame {
  const { node, state, epoch, seq, lagMs, lastError } = status
  return {
    type: 'status',
    node,
    state,
    ...(epoch !== undefined && { epoch }),
    ...(seq !== undefined && { seq }),
    ...(lagMs !== undefined && { lag_ms: lagMs }),
    ...(state === 'down' && lastError !== undefined && { error: lastError }),
    time: Date.now(),
  }
}
