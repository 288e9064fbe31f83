import type { CallState } from '@hepscope/shared/call/state.ts'
import type { Call, Casting, Flow } from './call.ts'

/** One kind of call. */
export interface Scenario {
  readonly name: string
  /** One line. */
  readonly summary: string
  /** Share in the mix, relative to the others. */
  readonly weight: number
  /** What a viewer who saw every message must say about the call in the end. */
  readonly expected: CallState
  readonly casting: Casting
  readonly play: (call: Call) => Flow
}
