import type { EventBlock } from '@hepscope/shared/event/block.ts'
import { MAX_ROWS } from '@hepscope/shared/event/columns.ts'
import { selectRows } from '@hepscope/shared/event/select.ts'
import { ByteSink } from '@hepscope/shared/frame/byte-sink.ts'
import type { ControlFrame } from '@hepscope/shared/frame/control.ts'
import { appendJsonFrame } from '@hepscope/shared/frame/json.ts'
import { frameHeaderBytes, MAX_FRAME_HEADER_BYTES, OPCODE, writeFrameHeader } from './ws-frame.ts'

/** How a viewer wants its events. */
export type StreamFormat = 'json' | 'block'

/** What decides the bytes of an event. */
export interface EventForm {
  readonly format: StreamFormat
  readonly withPayload: boolean
  /** Control frames beside the events, and JSON events with the members that the original does not have. */
  readonly withControl: boolean
}

/** Rows of one block, in rising order. */
interface Part {
  readonly block: EventBlock
  readonly rows: readonly number[]
}

/**
 * Events that one filter lets pass, as bytes for a WebSocket: made when the first viewer takes them, and sent to every
 * viewer with that filter. They are of one node and epoch, in the order of their `seq`.
 */
export class Batch {
  readonly node: string
  readonly epoch: number
  readonly #form: EventForm
  readonly #parts: Part[]
  #count: number
  #encoded: EncodedEvents | undefined

  /** @param rows at least one, in rising order */
  constructor(block: EventBlock, rows: readonly number[], form: EventForm) {
    this.node = block.node
    this.epoch = block.epoch
    this.#form = form
    this.#parts = [{ block, rows }]
    this.#count = rows.length
  }

  get count(): number {
    return this.#count
  }

  /** Bytes of the blocks that it keeps in memory. */
  get heldBytes(): number {
    return this.#parts.reduce((sum, { block }) => sum + block.bytes.length, 0)
  }

  /**
   * Take more events in, so that viewers are written to once for several small blocks. Only of a batch that no viewer
   * has looked at yet.
   *
   * @returns whether they could be taken in
   */
  extend(block: EventBlock, rows: readonly number[]): boolean {
    if (this.#form.format !== 'json' || this.#count + rows.length > MAX_ROWS) return false
    if (block.node !== this.node || block.epoch !== this.epoch) return false
    this.#parts.push({ block, rows })
    this.#count += rows.length
    return true
  }

  /** `seq` of the event with this number in the batch. */
  seq(number: number): number {
    let left = number
    for (const { block, rows } of this.#parts) {
      const row = rows[left]
      if (row !== undefined) return block.seq(row)
      left -= rows.length
    }
    return 0
  }

  /** Wire bytes of the events `from` up to `to`: whole WebSocket messages, to be written as they are. */
  wire(from: number, to: number): readonly Uint8Array[] {
    this.#encoded ??= encode(this.#parts, this.#form)
    return this.#encoded.wire(from, to)
  }
}

/** A control frame on its way to all viewers of a group. */
export class Notice {
  readonly frame: ControlFrame
  #wire: Uint8Array | undefined

  constructor(frame: ControlFrame) {
    this.frame = frame
  }

  get wire(): Uint8Array {
    return (this.#wire ??= controlWire(this.frame))
  }
}

const encoder = new TextEncoder()

/** A control frame as one WebSocket message. */
export function controlWire(frame: ControlFrame): Uint8Array {
  const text = encoder.encode(JSON.stringify(frame))
  const header = frameHeaderBytes(text.length)
  const wire = new Uint8Array(header + text.length)
  writeFrameHeader(wire, 0, OPCODE.text, text.length)
  wire.set(text, header)
  return wire
}

interface EncodedEvents {
  wire(from: number, to: number): readonly Uint8Array[]
}

function encode(parts: readonly Part[], form: EventForm): EncodedEvents {
  const [first] = parts
  return form.format === 'json' || first === undefined ? new JsonEvents(parts, form) : new BlockEvents(first, form)
}

const sink = new ByteSink()

/** One text message an event, encoded as far as viewers have come: of a rate limit's few, no more than those. */
class JsonEvents implements EncodedEvents {
  readonly #events: readonly [block: EventBlock, row: number][]
  readonly #form: EventForm
  /** In the order of their events, without holes. */
  readonly #pieces: JsonPiece[] = []

  constructor(parts: readonly Part[], form: EventForm) {
    this.#events = parts.flatMap(({ block, rows }) => rows.map((row): [EventBlock, number] => [block, row]))
    this.#form = form
  }

  wire(from: number, to: number): readonly Uint8Array[] {
    const end = this.#pieces.at(-1)?.end ?? 0
    if (to > end) this.#pieces.push(new JsonPiece(this.#events.slice(end, to), end, this.#form))
    const [only] = this.#pieces
    if (only !== undefined && this.#pieces.length === 1) return [only.bytesOf(from, to)]
    return this.#pieces
      .filter((piece) => piece.start < to && piece.end > from)
      .map((piece) => piece.bytesOf(Math.max(from, piece.start), Math.min(to, piece.end)))
  }
}

/** Text messages back to back. */
class JsonPiece {
  readonly start: number
  readonly end: number
  /** A Buffer, as sockets would make one of anything else for each viewer. */
  readonly #bytes: Buffer
  readonly #ends: Uint32Array

  constructor(events: readonly [block: EventBlock, row: number][], start: number, form: EventForm) {
    this.start = start
    this.end = start + events.length
    this.#ends = new Uint32Array(events.length)
    sink.length = 0
    for (const [i, [block, row]] of events.entries()) {
      // The header's size depends on the text's: leave room for the largest, then close the gap.
      const at = sink.length
      sink.reserve(MAX_FRAME_HEADER_BYTES)
      sink.length = at + MAX_FRAME_HEADER_BYTES
      appendJsonFrame(sink, block, row, form.withPayload, form.withControl)
      const length = sink.length - at - MAX_FRAME_HEADER_BYTES
      const header = frameHeaderBytes(length)
      sink.bytes.copyWithin(at + header, at + MAX_FRAME_HEADER_BYTES, sink.length)
      writeFrameHeader(sink.bytes, at, OPCODE.text, length)
      sink.length = at + header + length
      this.#ends[i] = sink.length
    }
    this.#bytes = Buffer.from(sink.bytes.subarray(0, sink.length))
  }

  /** Of events by their numbers in the batch. */
  bytesOf(from: number, to: number): Uint8Array {
    if (from === this.start && to === this.end) return this.#bytes
    const endOf = (number: number): number => (number === this.start ? 0 : (this.#ends[number - this.start - 1] ?? 0))
    return this.#bytes.subarray(endOf(from), endOf(to))
  }
}

/** One binary message with a block of the events. */
class BlockEvents implements EncodedEvents {
  readonly #source: Part
  readonly #withPayload: boolean
  /** Of all the events. */
  #block: EventBlock | undefined

  constructor(source: Part, { withPayload }: EventForm) {
    this.#source = source
    this.#withPayload = withPayload
  }

  wire(from: number, to: number): readonly Uint8Array[] {
    const { block, rows } = this.#source
    if (to - from < rows.length) return framed(selectRows(block, rows.slice(from, to), this.#withPayload).bytes)
    const isWhole = rows.length === block.count && this.#withPayload
    this.#block ??= isWhole ? block : selectRows(block, rows, this.#withPayload)
    return framed(this.#block.bytes)
  }
}

/** Header and payload apart: the bytes of a block are not copied for its viewers. */
function framed(payload: Uint8Array): readonly Uint8Array[] {
  const header = new Uint8Array(frameHeaderBytes(payload.length))
  writeFrameHeader(header, 0, OPCODE.binary, payload.length)
  return [header, payload]
}
