import { Worker } from 'node:worker_threads'
import { describe, expect, it } from 'vitest'
import { BlockWriter } from '@hepscope/shared/event/writer.ts'
import { encodeHep } from '@hepscope/shared/hep/encode.ts'
import { BlockOutlet, packetsIn } from '../../src/ingest/block-outlet.ts'
import type { FromThread } from '../../src/ingest/protocol.ts'
import { invite } from '../events.ts'

function blockOf(packets: readonly Uint8Array[]) {
  const writer = new BlockWriter({ node: 'n', epoch: 1 })
  for (const packet of packets) writer.append(packet, 0)
  const block = writer.seal(0)
  if (block === undefined) throw new Error('no packets')
  return block
}

describe('BlockOutlet', () => {
  it('sends each block with its own packets, unchanged', () => {
    const sent: FromThread[] = []
    const outlet = new BlockOutlet((message) => sent.push(message), new SharedArrayBuffer(4))
    const rounds = [
      [encodeHep(invite('a')), encodeHep({ ...invite('b'), payload: new Uint8Array(60_000) })],
      [encodeHep(invite('c'))],
    ]
    for (const packets of rounds) {
      for (const packet of packets) outlet.keep(packet)
      outlet.send(blockOf(packets))
    }
    const packets = sent.map((message) => (message.kind === 'block' ? [...packetsIn(message.packets)] : []))
    expect(packets).toEqual(rounds)
  })

  it('stands still while too much waits, until the main thread has taken it', () => {
    const waiting = new SharedArrayBuffer(4)
    const packets = [encodeHep(invite('a'))]
    const outlet = new BlockOutlet(() => undefined, waiting)
    const words = new Int32Array(waiting)
    words[0] = 40 * 1024 * 1024
    // This thread will stand still, so another one takes.
    const taker = new Worker(
      `const { workerData } = require('node:worker_threads')
       setTimeout(() => { Atomics.store(workerData, 0, 0); Atomics.notify(workerData, 0) }, 50)`,
      { eval: true, workerData: words },
    )
    const startMs = performance.now()
    outlet.send(blockOf(packets))
    expect(performance.now() - startMs).toBeGreaterThan(40)
    expect(words[0]).toBe(0)
    return taker.terminate()
  })
})
