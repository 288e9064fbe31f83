import { setImmediate } from 'node:timers/promises'
import type { FuzzJob, FuzzMessage } from './job.ts'
import { sampleMemory } from './memory.ts'
import { FuzzRandom, mutate } from './mutations.ts'
import { fuzzSeeds } from './seeds.ts'
import { SlowCheck } from './slow-check.ts'
import { FuzzTarget } from './target.ts'

/** Memory is first looked at when tables have filled up. */
const WARM_UP_SHARE = 0.05
const PROGRESS_EVERY = 4096

/** Mutate packets and try them, until all are done or one breaks something. */
export async function fuzz({ packets, seed }: FuzzJob, send: (message: FuzzMessage) => void): Promise<void> {
  const corpus = fuzzSeeds()
  const random = new FuzzRandom(seed)
  const target = new FuzzTarget(random)
  const memory = new Uint8Array(0x20000)
  const warmUp = Math.ceil(packets * WARM_UP_SHARE)
  const half = Math.ceil(packets / 2)
  const slowCheck = new SlowCheck()
  for (let i = 0; i < packets; i++) {
    const packet = mutate(corpus, random, memory)
    const done = i + 1
    let fault: string | undefined
    try {
      target.take(packet)
      if (done === packets) target.finish()
      fault = slowCheck.add(packet)
    } catch (error) {
      fault = `${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n${Buffer.from(packet).toString('hex')}`
    }
    if (fault !== undefined) {
      send({ kind: 'broken', text: `packet ${i} of seed ${seed}: ${fault}` })
      return
    }
    if (done % PROGRESS_EVERY === 0) {
      send({ kind: 'progress', done })
      // As in a server: what the engine frees behind our back waits for the loop to turn.
      await setImmediate()
      slowCheck.restart()
    }
    if (done === warmUp || done === half || done === packets) {
      send({ kind: 'memory', done, memory: sampleMemory() })
      slowCheck.restart()
    }
  }
  send({ kind: 'end', accepted: target.acceptedCount, refused: target.refused })
}
