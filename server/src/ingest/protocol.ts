import type { BlockSource } from '@hepscope/shared/event/writer.ts'
import type { ScanOptions } from '@hepscope/shared/hep/scan.ts'
import type { ListenerShares } from './listener-place.ts'
import type { ListenerOptions } from './listener.ts'

/** One listener as a thread is told of it. */
export interface ThreadListener {
  readonly options: ListenerOptions
  readonly shares: ListenerShares
  /** Descriptor of a thread that has it open; without it this thread opens the socket. */
  readonly descriptor: number | undefined
}

/** What a thread is started with. */
export interface ThreadData {
  /** Index of the thread. */
  readonly thread: number
  readonly listeners: readonly ThreadListener[]
  readonly source: BlockSource
  readonly blockIntervalMs: number
  readonly scan: ScanOptions
  /** Paths of callback modules. */
  readonly callbacks: readonly string[]
  /** Whether blocks come with the packets that they were made of. */
  readonly wantsPackets: boolean
  /** Of `IngestCounters`. */
  readonly counters: SharedArrayBuffer
  /** Of `BlockOutlet`. */
  readonly waiting: SharedArrayBuffer
  /** Program that passes descriptors on. */
  readonly courier: string
}

/** What the main thread sends to a thread: finish what you have and end. */
export interface ToThread {
  readonly kind: 'close'
}

/** What a thread sends back. */
export type FromThread =
  | { readonly kind: 'ready'; readonly listeners: readonly OpenedSocket[] }
  /** It could not start. */
  | { readonly kind: 'failed'; readonly cause: StartFault; readonly message: string }
  /** A block with the packets that it was made of, if they are wanted; transferred. */
  | { readonly kind: 'block'; readonly bytes: Uint8Array<ArrayBuffer>; readonly packets: Uint8Array<ArrayBuffer> }
  | { readonly kind: 'log'; readonly fields: object; readonly message: string }
  /** All that it had has been sent. */
  | { readonly kind: 'closed' }

export interface OpenedSocket {
  readonly port: number
  readonly descriptor: number | undefined
}

/** Which part of the start went wrong. */
export type StartFault = 'listener' | 'callback' | 'other'
