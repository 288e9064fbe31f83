import type { LiveSource } from '../calls/live.svelte.ts'
import { getStoredMessages } from '../http/stored-messages.ts'
import type { AskStore } from '../ladder/ladder.svelte.ts'
import { lastRange, type RangeAddress, rangeOf } from '../search/range.ts'
import { RecordingView } from './recording.svelte.ts'

const USUAL_MINUTES = 15

/** Stored calls of a time range, as they were at a moment of it. */
export class ReplayView {
  readonly recording: RecordingView
  /** What is read or was read last; its ends are 0 before. */
  range = $state.raw<RangeAddress>({ fromMs: 0, toMs: 0, lastMinutes: 0 })

  constructor(source: Pick<LiveSource, 'router' | 'onFault'>) {
    // Of the ladder too, only what had happened by then.
    const askStore: AskStore = async (callIds, range, signal) => {
      const answer = await getStoredMessages(callIds, range, signal)
      const { isAtEnd, momentUs } = this.recording.state
      if (answer.kind !== 'found' || isAtEnd) return answer
      return { kind: 'found', messages: answer.messages.filter(({ tsUs }) => tsUs <= momentUs) }
    }
    this.recording = new RecordingView({ ...source, view: 'replay', askStore })
  }

  /** Read the range that the address names, unless it is there; the last minutes if it names none. */
  readAddress(): void {
    const { address } = this.recording.live
    const nowMs = Date.now()
    const named = rangeOf(address, nowMs)
    if (named?.fromMs === this.range.fromMs && named.toMs === this.range.toMs) return
    const range = named ?? lastRange(USUAL_MINUTES, nowMs)
    this.open({ ...range, lastMinutes: named === undefined ? USUAL_MINUTES : address.lastMinutes })
    if (address.momentUs > 0) this.recording.seek(address.momentUs)
  }

  /** Read a range, and say so in the address. */
  open(range: RangeAddress): void {
    this.range = range
    this.recording.openRange(range.fromMs, range.toMs)
    const { momentUs } = this.recording.live.address
    const isInside = momentUs >= range.fromMs * 1000 && momentUs <= range.toMs * 1000
    this.recording.live.noteAddress({ ...range, momentUs: isInside ? momentUs : 0 })
  }

  close(): void {
    this.recording.close()
  }
}
