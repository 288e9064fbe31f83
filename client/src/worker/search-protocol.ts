import type { Command } from './protocol.ts'

/** Commands to the worker that searches the store, beside those of a list. */
export type SearchCommand =
  | Command
  /** Search between two moments, milliseconds since 1970, by the filter and scope of the list. */
  | { readonly type: 'search'; readonly fromMs: number; readonly toMs: number }
