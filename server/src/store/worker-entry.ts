import { parentPort, workerData } from 'node:worker_threads'
import type { WorkerData } from './protocol.ts'
import { serveStore } from './worker.ts'

// This file is a bundle of its own: `store.ts` starts it as a thread.
if (parentPort === null) throw new Error('this file runs as a worker thread')
await serveStore(parentPort, workerData as WorkerData)
