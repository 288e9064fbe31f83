import { Worker } from 'node:worker_threads'
import type { FuzzJob, FuzzMessage } from './job.ts'
import type { MemorySample } from './memory.ts'
import { fuzzSeeds } from './seeds.ts'

const REPORTS = 10
/** A thread that is silent for so long hangs. */
const HANG_MS = 60_000
const MOST_GROWTH_BYTES = 32 * 1024 * 1024
/** The process as a whole, whose allocator keeps some of what was freed. */
const MOST_RSS_GROWTH_BYTES = 192 * 1024 * 1024

/** Run the threads to their end; returns the exit code. */
export async function supervise(packets: number, seed: number, threads: number): Promise<number> {
  say(
    `fuzz: ${packets} packets, ${threads} threads, seeds ${seed} to ${seed + threads - 1}, ${fuzzSeeds().length} to mutate`,
  )
  const startMs = performance.now()
  const share = Math.ceil(packets / threads)
  const progress = new Progress(packets)
  const jobs = Array.from({ length: threads }, (_, i) => ({
    seed: seed + i,
    packets: Math.max(0, Math.min(share, packets - i * share)),
  }))
  const results = await Promise.all(jobs.map((job, i) => run(job, (done) => progress.update(i, done))))
  const seconds = (performance.now() - startMs) / 1000
  const faults = [...results.flatMap(({ faults: found }) => found), ...progress.faults()]
  const accepted = results.reduce((sum, result) => sum + result.accepted, 0)
  const done = results.reduce((sum, result) => sum + result.done, 0)
  const refused = new Map<string, number>()
  for (const result of results)
    for (const [reason, count] of result.refused) refused.set(reason, (refused.get(reason) ?? 0) + count)
  for (const fault of faults) say(`\n${fault}`)
  say(
    `fuzz: ${done} packets, ${accepted} accepted, ${done - accepted} refused, ${faults.length} faults, ` +
      `${seconds.toFixed(0)} s, ${Math.round(done / seconds)} packets/s`,
  )
  for (const [reason, count] of [...refused].sort((a, b) => b[1] - a[1])) say(`  ${reason.padEnd(20)}${count}`)
  return faults.length === 0 && done === packets ? 0 : 1
}

interface Result {
  done: number
  accepted: number
  refused: ReadonlyMap<string, number>
  readonly faults: string[]
}

/** Run one thread; resolves when it has ended, however it did. */
function run(job: FuzzJob, onProgress: (done: number) => void): Promise<Result> {
  return new Promise((resolve) => {
    const result: Result = { done: 0, accepted: 0, refused: new Map(), faults: [] }
    const samples: MemorySample[] = []
    const worker = new Worker(process.argv[1] ?? '', { workerData: job, argv: process.argv.slice(2) })
    const stop = (fault: string): void => {
      result.faults.push(fault)
      void worker.terminate()
    }
    const isHanging = (): void =>
      stop(`seed ${job.seed}: no sign of life for ${HANG_MS / 1000} s after packet ${result.done}`)
    let timer = setTimeout(isHanging, HANG_MS)
    worker.on('message', (message: FuzzMessage) => {
      clearTimeout(timer)
      timer = setTimeout(isHanging, HANG_MS)
      switch (message.kind) {
        case 'progress':
          result.done = message.done
          onProgress(message.done)
          break
        case 'memory':
          result.done = message.done
          samples.push(message.memory)
          say(
            `  seed ${job.seed}, packet ${message.done}: heap ${mib(message.memory.heapBytes)}, buffers ${mib(message.memory.bufferBytes)}`,
          )
          break
        case 'broken':
          stop(message.text)
          break
        case 'end':
          result.accepted = message.accepted
          result.refused = message.refused
      }
    })
    worker.on('error', (error) => result.faults.push(`seed ${job.seed}: ${String(error)}`))
    worker.on('exit', () => {
      clearTimeout(timer)
      result.faults.push(...growthOf(samples, job.seed))
      resolve(result)
    })
  })
}

function growthOf(samples: readonly MemorySample[], seed: number): string[] {
  const first = samples[0]
  const last = samples.at(-1)
  if (first === undefined || last === undefined) return []
  const growth = last.heapBytes + last.bufferBytes - first.heapBytes - first.bufferBytes
  return growth > MOST_GROWTH_BYTES ? [`seed ${seed}: memory grew by ${mib(growth)}`] : []
}

/** How far all threads are, and what the process holds. */
class Progress {
  readonly #packets: number
  readonly #done: number[] = []
  readonly #residentBytes: number[] = []
  #reported = 0

  constructor(packets: number) {
    this.#packets = packets
  }

  update(thread: number, done: number): void {
    this.#done[thread] = done
    const sum = this.#done.reduce((total, part) => total + part, 0)
    if (sum < ((this.#reported + 1) * this.#packets) / REPORTS) return
    this.#reported++
    const { rss } = process.memoryUsage()
    this.#residentBytes.push(rss)
    say(`  ${sum} done, resident ${mib(rss)}`)
  }

  faults(): string[] {
    const growth = (this.#residentBytes.at(-1) ?? 0) - (this.#residentBytes[0] ?? 0)
    return growth > MOST_RSS_GROWTH_BYTES ? [`the process grew by ${mib(growth)}`] : []
  }
}

function mib(bytes: number): string {
  return `${(bytes / 1048576).toFixed(1)} MiB`
}

function say(line: string): void {
  process.stdout.write(`${line}\n`)
}
