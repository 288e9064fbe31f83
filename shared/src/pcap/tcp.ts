import type { Flow, PieceStart, StreamPiece } from './flow.ts'

/** A sequence number farther off than this belongs to another connection, not to a late segment. */
const MAX_JUMP_BYTES = 16 * 1024 * 1024
const NO_BYTES = new Uint8Array(0)

export interface TcpLimits {
  /** What one direction may hold behind a hole before the hole is given up. */
  readonly maxPendingBytes: number
  readonly maxPendingSegments: number
  /** Capture time that a hole may stay open, seen when the next segment of its direction comes. */
  readonly maxHoleAgeUs: number
  /** Directions remembered; the one that was silent longest is ended beyond it. */
  readonly maxDirections: number
}

export const TCP_LIMITS: TcpLimits = {
  maxPendingBytes: 256 * 1024,
  maxPendingSegments: 256,
  maxHoleAgeUs: 5_000_000,
  maxDirections: 16_384,
}

export interface TcpSegment extends Flow {
  readonly tsUs: number | undefined
  readonly sequence: number
  readonly isSyn: boolean
  readonly isFin: boolean
  readonly isReset: boolean
  readonly bytes: Uint8Array
}

export interface TcpCounters {
  segmentCount: number
  /** Segments that brought only bytes already delivered, keep-alives among them. */
  retransmittedCount: number
  outOfOrderCount: number
  /** Holes given up, and the bytes that were missing in them. */
  holeCount: number
  lostBytes: number
}

interface Part {
  readonly sequence: number
  readonly bytes: Uint8Array
  readonly tsUs: number | undefined
}

interface Direction {
  readonly key: string
  readonly flow: Flow
  /** Of the first byte, to know a repeated SYN. */
  first: number | undefined
  /** The sequence number expected next, once it is known. */
  next: number | undefined
  /** Behind the first hole, sorted by sequence number. */
  pending: Part[]
  pendingBytes: number
  waitingSinceUs: number
  /** Sequence number behind the last byte, once a FIN told it. */
  endsAt: number | undefined
  isEnded: boolean
  start: PieceStart | undefined
}

/**
 * Puts the bytes of TCP directions in order: segments may come out of order, again, and overlapping; the bytes that
 * came first stay. A direction whose start was not captured begins with its first bytes seen. A hole that is not
 * filled within the limits is given up and counted.
 *
 * @see RFC 9293
 */
export class TcpReassembly {
  readonly counters: TcpCounters = {
    segmentCount: 0,
    retransmittedCount: 0,
    outOfOrderCount: 0,
    holeCount: 0,
    lostBytes: 0,
  }
  readonly #limits: TcpLimits
  /** Least recently used first. */
  readonly #directions = new Map<string, Direction>()
  #ready: StreamPiece[] = []

  constructor(limits: TcpLimits = TCP_LIMITS) {
    this.#limits = limits
  }

  /** Take one segment; returns the pieces that are in order now, most often none or one. */
  push(segment: TcpSegment): readonly StreamPiece[] {
    this.#ready = []
    this.counters.segmentCount++
    const direction = this.#directionOf(segment)
    if (segment.isReset) this.#end(direction, segment.tsUs)
    else if (segment.isSyn) this.#open(direction, segment)
    else this.#take(direction, segment)
    return this.#ready
  }

  /** The capture is over: the pieces behind holes, and the end of each direction. */
  close(): readonly StreamPiece[] {
    this.#ready = []
    for (const direction of this.#directions.values()) this.#end(direction, undefined)
    this.#directions.clear()
    return this.#ready
  }

  #directionOf(segment: TcpSegment): Direction {
    const { srcIp, dstIp, srcPort, dstPort } = segment
    const key = `${srcIp} ${srcPort} ${dstIp} ${dstPort}`
    const known = this.#directions.get(key)
    const direction = known ?? newDirection(key, { srcIp, dstIp, srcPort, dstPort })
    if (known !== undefined) this.#directions.delete(key)
    this.#directions.set(key, direction)
    if (this.#directions.size > this.#limits.maxDirections) {
      for (const oldest of this.#directions.values()) {
        this.#end(oldest, segment.tsUs)
        this.#directions.delete(oldest.key)
        break
      }
    }
    return direction
  }

  #open(direction: Direction, segment: TcpSegment): void {
    const first = (segment.sequence + 1) >>> 0
    if (direction.isEnded || direction.first !== first) {
      this.#end(direction, segment.tsUs)
      restart(direction, first, 'open')
    }
    this.#take(direction, { ...segment, sequence: first })
  }

  #take(direction: Direction, segment: TcpSegment): void {
    const { bytes, sequence, tsUs } = segment
    if (direction.next === undefined) {
      // An acknowledgement alone may be a keep-alive, whose number is one behind.
      if (bytes.length === 0) return
      restart(direction, sequence, 'middle')
    }
    const ahead = distance(direction.next ?? sequence, sequence)
    if (bytes.length > 0) {
      if (Math.abs(ahead) > MAX_JUMP_BYTES || (direction.isEnded && ahead >= 0)) {
        this.#end(direction, tsUs)
        restart(direction, sequence, 'middle')
        this.#insert(direction, { sequence, bytes, tsUs })
      } else if (ahead + bytes.length <= 0) {
        this.counters.retransmittedCount++
      } else {
        if (ahead > 0) this.counters.outOfOrderCount++
        this.#insert(direction, { sequence, bytes, tsUs })
      }
    }
    if (segment.isFin) direction.endsAt = (sequence + bytes.length) >>> 0
    this.#deliver(direction)
    while (direction.pending.length > 0 && this.#isOverdue(direction, tsUs)) this.#giveUpHole(direction, tsUs)
    if (direction.endsAt !== undefined && direction.endsAt === direction.next) this.#end(direction, tsUs)
  }

  #insert(direction: Direction, part: Part): void {
    const { pending } = direction
    if (pending.length === 0) direction.waitingSinceUs = part.tsUs ?? 0
    let i = pending.length
    while (i > 0 && distance(part.sequence, pending[i - 1]?.sequence ?? 0) > 0) i--
    pending.splice(i, 0, part)
    direction.pendingBytes += part.bytes.length
  }

  /** Hand out what is in order. */
  #deliver(direction: Direction): void {
    let count = 0
    for (const part of direction.pending) {
      const next = direction.next ?? part.sequence
      const ahead = distance(next, part.sequence)
      if (ahead > 0) break
      count++
      direction.pendingBytes -= part.bytes.length
      if (ahead + part.bytes.length <= 0) continue
      const bytes = part.bytes.subarray(-ahead)
      direction.next = (next + bytes.length) >>> 0
      this.#emit(direction, bytes, part.tsUs, false)
    }
    if (count > 0) direction.pending.splice(0, count)
  }

  #isOverdue(direction: Direction, tsUs: number | undefined): boolean {
    return (
      direction.pendingBytes > this.#limits.maxPendingBytes ||
      direction.pending.length > this.#limits.maxPendingSegments ||
      (tsUs ?? 0) - direction.waitingSinceUs > this.#limits.maxHoleAgeUs
    )
  }

  #giveUpHole(direction: Direction, tsUs: number | undefined): void {
    const behind = direction.pending[0]
    if (behind === undefined) return
    this.counters.holeCount++
    this.counters.lostBytes += distance(direction.next ?? behind.sequence, behind.sequence)
    direction.next = behind.sequence
    direction.start = 'gap'
    direction.waitingSinceUs = tsUs ?? 0
    this.#deliver(direction)
  }

  #end(direction: Direction, tsUs: number | undefined): void {
    while (direction.pending.length > 0) this.#giveUpHole(direction, tsUs)
    if (direction.next !== undefined && !direction.isEnded) this.#emit(direction, NO_BYTES, tsUs, true)
    direction.isEnded = true
  }

  #emit(direction: Direction, bytes: Uint8Array, tsUs: number | undefined, isEnd: boolean): void {
    const { start, key, flow } = direction
    this.#ready.push({ kind: 'stream', ipProtocol: 6, ...flow, direction: key, tsUs, bytes, start, isEnd })
    direction.start = undefined
  }
}

function newDirection(key: string, flow: Flow): Direction {
  return {
    key,
    flow,
    first: undefined,
    next: undefined,
    pending: [],
    pendingBytes: 0,
    waitingSinceUs: 0,
    endsAt: undefined,
    isEnded: false,
    start: undefined,
  }
}

function restart(direction: Direction, next: number, start: PieceStart): void {
  direction.first = direction.next = next
  direction.start = start
  direction.isEnded = false
  direction.endsAt = undefined
}

/** How far `to` is ahead of `from`; sequence numbers wrap at 2^32. */
function distance(from: number, to: number): number {
  return (to - from) | 0
}
