import type { EventBlock } from '@hepscope/shared/event/block.ts'
import { LiveSession, type SessionLimits, type ViewCommand } from './live-session.ts'
import type { Notice } from './protocol.ts'
import { Recording, RECORDING_LIMITS, type RecordingLimits, rowsBetween } from './recording.ts'
import { Shown } from './shown.ts'

const MAX_CALLS = 150_000
/** So long after the last change there is nothing new to tell any more. */
const SETTLE_MS = 1000

type Frame = Extract<Notice, { type: 'frame' }>

/**
 * A recording as it was at a moment: the same session that live events go through, fed with what had happened by then.
 *
 * Forward, it is fed on. Back, it begins anew, for a call does not know what it was before.
 */
export class RecordingSession {
  readonly recording: Recording
  /** How often it began anew. */
  rewindCount = 0
  readonly #recordingLimits: RecordingLimits
  readonly #limits: SessionLimits
  #session: LiveSession
  readonly #shown = new Shown()
  /** Moment to be shown; infinite for all there is. */
  #targetUs = Infinity
  /** Of each block, the moment up to which its rows were fed. */
  #fedUs: number[] = []
  /** Blocks before it were fed whole. */
  #firstOpen = 0
  #lastUs = 0
  /** Up to when frames are worth making, by `performance.now`. */
  #dirtyUntilMs = Infinity

  constructor(limits: RecordingLimits = RECORDING_LIMITS) {
    this.#recordingLimits = limits
    this.recording = new Recording(limits)
    // What the recording holds, the session can hold: dropping is done there, and said.
    this.#limits = { events: limits.events * 2, bytes: limits.bytes * 2, calls: MAX_CALLS }
    this.#session = this.#open()
  }

  /** The moment that is shown, microseconds since 1970. */
  get momentUs(): number {
    return Math.min(this.#targetUs, this.recording.toUs)
  }

  /** All there is, is shown. */
  get isAtEnd(): boolean {
    return this.#targetUs >= this.recording.toUs
  }

  /** One without events that shows the same part of the list. */
  emptied(): RecordingSession {
    const other = new RecordingSession(this.#recordingLimits)
    other.rewindCount = this.rewindCount + 1
    this.#shown.tellAll((command) => other.handle(command))
    return other
  }

  add(block: EventBlock): void {
    const { events } = this.recording
    this.recording.add(block)
    if (this.recording.events > events) this.#fedUs.push(-Infinity)
    this.#touch()
  }

  handle(command: ViewCommand): boolean {
    this.#shown.note(command)
    this.#touch()
    return this.#session.handle(command)
  }

  /** As `LiveSession.eventsOf`, up to the moment that is shown. */
  eventsOf(callIds: readonly string[]): ReturnType<LiveSession['eventsOf']> {
    return this.#session.eventsOf(callIds)
  }

  /** @param us microseconds since 1970; infinite for all there is */
  seek(us: number): void {
    if (us < this.#lastUs) this.#rewind()
    this.#targetUs = us
    this.#touch()
  }

  /**
   * Go on towards the moment.
   *
   * @param budgetMs time after which the rest is left for the next call
   * @returns whether it is reached
   */
  step(budgetMs: number): boolean {
    const { blocks } = this.recording
    const endMs = performance.now() + budgetMs
    let isWhole = true
    for (let i = this.#firstOpen; i < blocks.length; i++) {
      const block = blocks[i]
      if (block === undefined || block.minTsUs > this.#targetUs) break
      if (performance.now() > endMs) return false
      this.#feed(block, i)
      isWhole &&= block.maxTsUs <= this.#targetUs
      if (isWhole) this.#firstOpen = i + 1
    }
    return true
  }

  /**
   * What the page does not know yet.
   *
   * @param wallMs the page's clock, which paces what is not to change too often
   */
  frame(wallMs: number): Frame | undefined {
    if (performance.now() > this.#dirtyUntilMs) return undefined
    return this.#session.frame(Math.max(this.#lastUs, Math.min(this.#targetUs, this.recording.toUs)) / 1000, wallMs)
  }

  #feed(block: EventBlock, index: number): void {
    const fedUs = this.#fedUs[index] ?? -Infinity
    if (fedUs >= Math.min(this.#targetUs, block.maxTsUs)) return
    const part = rowsBetween(block, fedUs, this.#targetUs)
    this.#fedUs[index] = this.#targetUs
    if (part === undefined) return
    this.#lastUs = Math.max(this.#lastUs, part.maxTsUs)
    this.#session.receive(part, this.#lastUs / 1000)
    this.#touch()
  }

  #touch(): void {
    this.#dirtyUntilMs = performance.now() + SETTLE_MS
  }

  #rewind(): void {
    this.rewindCount++
    this.#session = this.#open()
    this.#shown.tellAll((command) => this.#session.handle(command))
    this.#fedUs = this.recording.blocks.map(() => -Infinity)
    this.#firstOpen = this.#lastUs = 0
  }

  #open(): LiveSession {
    return new LiveSession(this.#limits, { hasEveryEvent: false })
  }
}
