import { parentPort, workerData } from 'node:worker_threads'
import { raisePriority } from '../priority.ts'
import type { WorkerData } from './protocol.ts'
import { serveStore } from './worker.ts'

// This file is a bundle of its own: `store.ts` starts it as a thread.
if (parentPort === null) throw new Error('this file runs as a worker thread')
await serveStore(parentPort, workerData as WorkerData)
// A packet is safe when this thread has it in the log, so it goes before those that sort and pack: they run by now.
raisePriority('raised')
