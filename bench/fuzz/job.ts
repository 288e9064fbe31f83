import type { MemorySample } from './memory.ts'

/** What one thread does. */
export interface FuzzJob {
  readonly packets: number
  readonly seed: number
}

/** What it tells the thread that started it. */
export type FuzzMessage =
  | { readonly kind: 'progress'; readonly done: number }
  | { readonly kind: 'memory'; readonly done: number; readonly memory: MemorySample }
  | { readonly kind: 'broken'; readonly text: string }
  | { readonly kind: 'end'; readonly accepted: number; readonly refused: ReadonlyMap<string, number> }
