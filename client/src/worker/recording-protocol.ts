import type { Command } from './protocol.ts'

/** Commands to a worker that holds a recording, beside those of a list. */
export type RecordingCommand =
  | Command
  /** Read these files, in place of what there was. */
  | { readonly type: 'files'; readonly files: readonly File[] }
  /** Fetch what was stored between two moments, milliseconds since 1970, in place of what there was. */
  | { readonly type: 'range'; readonly fromMs: number; readonly toMs: number }
  /** Show the moment; `undefined` for all there is. Microseconds since 1970. */
  | { readonly type: 'moment'; readonly us: number | undefined }
  /** Let the moment move on, so many times as fast as time does; 0 stands still. */
  | { readonly type: 'play'; readonly speed: number }
  | { readonly type: 'clear' }

/** How far reading is, and where in time. */
export interface RecordingState {
  readonly phase: 'empty' | 'loading' | 'ready'
  /** Part of the bytes or of the range that is read, 0 to 1. */
  readonly share: number
  readonly events: number
  /** First and last event, microseconds since 1970; 0 while there is none. */
  readonly fromUs: number
  readonly toUs: number
  /** Moment that is shown. */
  readonly momentUs: number
  readonly isAtEnd: boolean
  readonly speed: number
  /** Changes when time was taken back, so that what shows later things must be drawn anew. */
  readonly rewindCount: number
  /** What is not shown, and why, in words. */
  readonly remarks: readonly string[]
  /** What could not be read at all, in words. */
  readonly faults: readonly string[]
  readonly bytes: number
}

export interface RecordingNotice {
  readonly type: 'recording'
  readonly state: RecordingState
}

/** Nothing has been read. */
export const NO_RECORDING: RecordingState = {
  phase: 'empty',
  share: 0,
  events: 0,
  fromUs: 0,
  toUs: 0,
  momentUs: 0,
  isAtEnd: true,
  speed: 0,
  rewindCount: 0,
  remarks: [],
  faults: [],
  bytes: 0,
}
