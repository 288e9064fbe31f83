import { IngestPool } from './ingest-pool.ts'
import { LocalReception } from './local-reception.ts'
import type { Reception, ReceptionOptions } from './reception.ts'

/** Receive in as many threads as were asked for, or in as many as the system can do. Nothing is open yet. */
export function createReception(options: ReceptionOptions): Reception {
  if (options.threads === 0) return new LocalReception(options)
  if (options.threads === 1 || process.platform === 'linux') return new IngestPool(options)
  options.log.warn(
    { platform: process.platform },
    'ingest.workers: threads cannot share a socket on this system, so one thread receives',
  )
  return new IngestPool({ ...options, threads: 1 })
}
