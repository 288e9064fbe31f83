import { parentPort, workerData } from 'node:worker_threads'
import type { ThreadData } from './protocol.ts'
import { serveIngest } from './thread.ts'

// This file is a bundle of its own: `ingest-pool.ts` starts it as a thread.
if (parentPort === null) throw new Error('this file runs as a worker thread')
await serveIngest(parentPort, workerData as ThreadData)
