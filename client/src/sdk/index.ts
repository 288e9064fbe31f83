export type {
  ClockFrame,
  ControlFrame,
  GapCause,
  GapFrame,
  HelloFrame,
  NodePosition,
  ReplayEndFrame,
  StatusFrame,
} from '@hepscope/shared/frame/control.ts'
export {
  type BlockStreamOptions,
  CLOSE_TOKEN_ENDED,
  type HepStream,
  type HepStreamHandlers,
  type HepStreamState,
  type JsonStreamOptions,
  openHepStream,
  type WebSocketLike,
} from './hep-stream.ts'
export type { HepStreamEvent, HepStreamSip } from './stream-event.ts'
export type { HepStreamFilter } from './stream-url.ts'
