import type { ThreadPrograms } from '../../src/ingest/reception.ts'
import { buildThreadBundle } from '../thread-bundle.ts'

/** Bundles of the programs of threads that receive. */
export interface BuiltPrograms extends ThreadPrograms {
  remove(): void
}

export async function buildThreadPrograms(): Promise<BuiltPrograms> {
  const bundle = await buildThreadBundle({
    'ingest-thread': 'src/ingest/thread-entry.ts',
    'descriptor-courier': 'src/ingest/courier-entry.ts',
  })
  return {
    thread: bundle.url('ingest-thread'),
    courier: bundle.url('descriptor-courier'),
    remove: () => bundle.remove(),
  }
}
