import { isMainThread, parentPort, workerData } from 'node:worker_threads'
import { fuzz } from './fuzz/fuzz.ts'
import type { FuzzJob } from './fuzz/job.ts'
import { supervise } from './fuzz/supervise.ts'

/**
 * Mutated packets through everything that reads bytes from the network, on several threads. Ends with counts, or with
 * exit code 1 and what went wrong: a throw, a hang, a slow packet, or memory that grows.
 *
 *     npm run fuzz -- --packets=10000000 --seed=1 --threads=2
 *
 * Thread n works with seed + n, so what one found is found again by one thread with that seed.
 */
if (isMainThread)
  process.exitCode = await supervise(option('packets', 10_000_000), option('seed', 1), option('threads', 2))
else await fuzz(workerData as FuzzJob, (message) => parentPort?.postMessage(message))

function option(name: string, otherwise: number): number {
  const text = process.argv.find((arg) => arg.startsWith(`--${name}=`))?.slice(name.length + 3)
  const value = text === undefined ? otherwise : Number(text)
  if (!Number.isInteger(value) || value < 1) throw new RangeError(`--${name} must be a whole number from 1`)
  return value
}
