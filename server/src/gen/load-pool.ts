import { CHUNK, GENERIC_VENDOR } from '@hepscope/shared/hep/chunks.ts'
import { encodeHep } from '@hepscope/shared/hep/encode.ts'
import type { Scenario } from './scenario.ts'
import { simulateCalls } from './simulator.ts'

const CALL_COUNT = 1000
/** Enough overlap that neighbours in the pool belong to different calls. */
const CALLS_PER_SEC = 200
const DURATION_SCALE = 0.1

const COUNTER_DIGITS = 12
/** Stands for the counter until it is written; occurs in no other text of a simulation. */
const PLACEHOLDER = '~'.repeat(COUNTER_DIGITS)
const HEX_DIGITS = new TextEncoder().encode('0123456789abcdef')

const FRAME_HEADER_BYTES = 6
const CHUNK_HEADER_BYTES = 6

interface PoolFrame {
  readonly bytes: Uint8Array
  /** Offsets of the counter: in each Call-ID and in the correlation id. */
  readonly counterAt: readonly number[]
  readonly secondsAt: number
  readonly microsecondsAt: number
}

export interface LoadPoolOptions {
  readonly seed: number
  readonly scenarios: readonly Scenario[]
  /** Number in the Call-IDs of the first cycle, below 2^48; the next cycles count on from it. */
  readonly firstCycle: number
}

/**
 * Encoded packets of 1,000 complete calls, given out in an endless circle. Each time round a counter in their
 * Call-IDs is one higher, so that no Call-ID comes twice.
 */
export class LoadPool {
  readonly frameCount: number
  readonly byteCount: number
  readonly #frames: readonly PoolFrame[]
  readonly #counter = new Uint8Array(COUNTER_DIGITS)
  #cycle: number
  #at = 0

  constructor({ seed, scenarios, firstCycle }: LoadPoolOptions) {
    const packets = simulateCalls({
      seed,
      calls: CALL_COUNT,
      callsPerSec: CALLS_PER_SEC,
      startUs: 0,
      scenarios,
      durationScale: DURATION_SCALE,
      callIdMark: `-${PLACEHOLDER}`,
    })
    this.#frames = Array.from(packets, (packet) => poolFrame(encodeHep(packet)))
    this.frameCount = this.#frames.length
    this.byteCount = this.#frames.reduce((sum, { bytes }) => sum + bytes.length, 0)
    this.#cycle = firstCycle
    writeHex(this.#counter, firstCycle)
  }

  /**
   * The next packet, at the given time.
   *
   * @param timeUs whole microseconds since 1970
   * @returns a view that is written again one cycle later
   */
  next(timeUs: number): Uint8Array {
    if (this.#at === this.#frames.length) {
      this.#at = 0
      writeHex(this.#counter, ++this.#cycle)
    }
    const frame = this.#frames[this.#at++]
    if (frame === undefined) throw new Error('a load pool without packets')
    const { bytes, counterAt, secondsAt, microsecondsAt } = frame
    for (const at of counterAt) bytes.set(this.#counter, at)
    writeUint32(bytes, secondsAt, Math.floor(timeUs / 1_000_000))
    writeUint32(bytes, microsecondsAt, timeUs % 1_000_000)
    return bytes
  }
}

function poolFrame(bytes: Uint8Array): PoolFrame {
  return {
    bytes,
    counterAt: offsetsOfPlaceholder(bytes),
    secondsAt: valueOffset(bytes, CHUNK.timestampSeconds),
    microsecondsAt: valueOffset(bytes, CHUNK.timestampMicroseconds),
  }
}

function offsetsOfPlaceholder(bytes: Uint8Array): number[] {
  const haystack = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length)
  const offsets: number[] = []
  for (let at = haystack.indexOf(PLACEHOLDER); at >= 0; at = haystack.indexOf(PLACEHOLDER, at + COUNTER_DIGITS)) {
    offsets.push(at)
  }
  return offsets
}

/** Offset of a generic chunk's value in a packet of our own encoder. */
function valueOffset(bytes: Uint8Array, type: number): number {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length)
  for (let at = FRAME_HEADER_BYTES; at < bytes.length; at += view.getUint16(at + 4)) {
    if (view.getUint16(at) === GENERIC_VENDOR && view.getUint16(at + 2) === type) return at + CHUNK_HEADER_BYTES
  }
  throw new Error(`a packet without chunk ${type}`)
}

function writeHex(digits: Uint8Array, value: number): void {
  let rest = value
  for (let at = digits.length - 1; at >= 0; at--) {
    digits[at] = HEX_DIGITS[rest % 16] ?? 0
    rest = Math.floor(rest / 16)
  }
}

function writeUint32(bytes: Uint8Array, at: number, value: number): void {
  bytes[at] = value >>> 24
  bytes[at + 1] = value >>> 16
  bytes[at + 2] = value >>> 8
  bytes[at + 3] = value
}
