import { pathToFileURL } from 'node:url'
import { resolve } from 'node:path'
import { decodeHep } from '@hepscope/shared/hep/decode.ts'
import { encodeHep } from '@hepscope/shared/hep/encode.ts'
import type { HepFault, HepPacket } from '@hepscope/shared/hep/packet.ts'
import type { ScanOptions } from '@hepscope/shared/hep/scan.ts'
import type { IngestCounters } from './counters.ts'
import type { IngestLog } from './ingest-log.ts'
import type { IngestTransport } from './packet-source.ts'

/** Where a packet came from on its way to us; the packet's own addresses are those of the mirrored message. */
export interface OuterAddress {
  readonly transport: IngestTransport
  readonly address: string
  readonly port: number
}

/**
 * Sees each decoded packet before it becomes an event.
 *
 * @returns nothing to let it pass, `'skip'` to stop it, or a packet that takes its place
 */
export type OnHep = (packet: HepPacket, from: OuterAddress) => HepPacket | 'skip' | undefined

export type CallbackResult =
  | { readonly kind: 'pass'; readonly packet: Uint8Array }
  | { readonly kind: 'skip' }
  | { readonly kind: 'refuse'; readonly reason: HepFault | 'bad-replacement' }

/** Callbacks that failed are named in the log, at most once in so long. */
const LOG_INTERVAL_MS = 10_000

/** Operators' callbacks. The one that was added last runs first; one that throws does not stop the others. */
export class HepCallbacks {
  errorCount = 0
  readonly #callbacks: OnHep[] = []
  readonly #log: IngestLog
  readonly #counters: IngestCounters | undefined
  #loggedMs = 0

  /** @param counters where failures are counted too */
  constructor(log: IngestLog, counters?: IngestCounters) {
    this.#log = log
    this.#counters = counters
  }

  get count(): number {
    return this.#callbacks.length
  }

  add(callback: OnHep): void {
    this.#callbacks.unshift(callback)
  }

  /** Run all callbacks on one packet; what they replace goes on as HEPv3. */
  run(bytes: Uint8Array, from: OuterAddress, nowUs: number, options?: ScanOptions): CallbackResult {
    const decoded = decodeHep(bytes, nowUs, options)
    if (!decoded.ok) return { kind: 'refuse', reason: decoded.reason }
    let packet = decoded.packet
    let isSkipped = false
    for (const callback of this.#callbacks) {
      try {
        const result = callback(packet, from)
        if (result === 'skip') isSkipped = true
        else if (result !== undefined) packet = result
      } catch (error) {
        this.#fail(error)
      }
    }
    if (isSkipped) return { kind: 'skip' }
    if (packet === decoded.packet) return { kind: 'pass', packet: bytes }
    try {
      return { kind: 'pass', packet: encodeHep(packet) }
    } catch (error) {
      this.#fail(error)
      return { kind: 'refuse', reason: 'bad-replacement' }
    }
  }

  #fail(error: unknown): void {
    this.errorCount++
    this.#counters?.add('callbackErrors', 1)
    const nowMs = Date.now()
    if (nowMs - this.#loggedMs < LOG_INTERVAL_MS) return
    this.#loggedMs = nowMs
    this.#log.warn({ err: error, errorCount: this.errorCount }, 'a HEP callback failed; the packet goes on without it')
  }
}

/** A callback module that cannot be used; the message says why. */
export class CallbackError extends Error {
  override readonly name = 'CallbackError'
}

/**
 * Load ES modules that export a function `onHep`.
 *
 * @param paths relative to the working directory; the last one runs first
 * @throws CallbackError if a module cannot be loaded or exports no `onHep`
 */
export async function loadCallbacks(
  paths: readonly string[],
  log: IngestLog,
  counters?: IngestCounters,
): Promise<HepCallbacks | undefined> {
  if (paths.length === 0) return undefined
  const callbacks = new HepCallbacks(log, counters)
  for (const path of paths) {
    let module: unknown
    try {
      module = await import(pathToFileURL(resolve(path)).href)
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error)
      throw new CallbackError(`ingest.callbacks: cannot load ${path}: ${reason}`, { cause: error })
    }
    if (!hasOnHep(module)) throw new CallbackError(`ingest.callbacks: ${path} exports no function onHep(packet, from)`)
    callbacks.add(module.onHep)
  }
  return callbacks
}

function hasOnHep(module: unknown): module is { readonly onHep: OnHep } {
  return typeof module === 'object' && module !== null && 'onHep' in module && typeof module.onHep === 'function'
}
