import type { StoreAnswer } from './answer.ts'
import type { LogDirection, LogPosition } from './log-reader.ts'
import type { StoreOptions } from './options.ts'
import type { StoreFault, StoreStats } from './stats.ts'

/** What a store answers; each has a method of that name. */
export type Question = 'search' | 'messages' | 'calls' | 'query'

/** What the main thread sends to the worker. */
export type ToWorker =
  /** The bytes of one block, transferred. */
  | { readonly kind: 'append'; readonly bytes: Uint8Array<ArrayBuffer> }
  /** `asRows`: the rows come in pages before the answer. */
  | { readonly kind: Question; readonly id: number; readonly body: unknown; readonly asRows: boolean }
  /** Nobody wants the answer any more; it comes all the same. */
  | { readonly kind: 'cancel'; readonly id: number }
  | { readonly kind: 'log'; readonly id: number; readonly direction: LogDirection; readonly from: LogPosition }
  | { readonly kind: 'flush' | 'close'; readonly id: number }

/** What the worker sends back. */
export type FromWorker =
  | { readonly kind: 'ready' }
  /** It could not start; the worker ends. */
  | { readonly kind: 'failed'; readonly message: string }
  /** A block has left the queue: it is in the log, or was dropped and counted by the engine. */
  | { readonly kind: 'taken'; readonly bytes: number }
  /** A page of an answer: a JSON text and a line end for each row. */
  | { readonly kind: 'rows'; readonly id: number; readonly lines: Uint8Array<ArrayBuffer> }
  | { readonly kind: 'answer'; readonly id: number; readonly answer: WireAnswer }
  /** The bytes of blocks of the log, transferred. */
  | { readonly kind: 'log'; readonly id: number; readonly blocks: readonly Uint8Array<ArrayBuffer>[] }
  | { readonly kind: 'done'; readonly id: number }
  | { readonly kind: 'stats'; readonly stats: StoreStats }
  | { readonly kind: 'fault'; readonly fault: StoreFault }

/** A `StoreAnswer` whose text is transferred: a Buffer would arrive as a Uint8Array. */
export type WireAnswer =
  { readonly ok: true; readonly json: Uint8Array<ArrayBuffer> } | Extract<StoreAnswer, { ok: false }>

/** What a worker is started with. */
export interface WorkerData {
  readonly options: StoreOptions
}
