import { describe, expect, it } from 'vitest'
import { Pace } from '../../src/stream/pace.ts'

/** A thread whose time goes by only as told. */
class Thread {
  timeMs = 0
  idleTimeMs = 0
  cpuTimeMs = 0
  readonly pace = new Pace({
    nowMs: () => this.timeMs,
    idleMs: () => this.idleTimeMs,
    cpuMs: () => this.cpuTimeMs,
  })

  /** @param waitedMs for a processor that other programs had */
  write(ms: number, waitedMs = 0): void {
    this.pace.spend(() => {
      this.work(ms)
      this.timeMs += waitedMs
    })
  }

  work(ms: number): void {
    this.timeMs += ms
    this.cpuTimeMs += ms
  }

  rest(ms: number): void {
    this.timeMs += ms
    this.idleTimeMs += ms
  }
}

describe('Pace', () => {
  it('gives a thread that rests in between all the time that is left', () => {
    const thread = new Thread()
    let writtenMs = 0
    while (thread.timeMs < 10_000) {
      thread.work(1)
      if (thread.pace.hasTime) {
        thread.write(8)
        writtenMs += 8
      }
      thread.rest(1)
    }
    expect(writtenMs / thread.timeMs).toBeGreaterThan(0.75)
  })

  it('gives three percent of a thread that never rests, after a first burst', () => {
    const thread = new Thread()
    let writtenMs = 0
    while (thread.timeMs < 100_000) {
      thread.work(1)
      // What a look at sockets that are always ready takes.
      thread.idleTimeMs += 0.03
      if (!thread.pace.hasTime) continue
      thread.write(20)
      writtenMs += 20
    }
    expect(writtenMs / thread.timeMs).toBeGreaterThan(0.025)
    expect(writtenMs / thread.timeMs).toBeLessThan(0.035)
  })

  it('takes a thread that has rested for one that has caught up, however much was written before', () => {
    const thread = new Thread()
    thread.write(5000)
    expect(thread.pace.hasTime).toBe(false)
    thread.work(100)
    expect(thread.pace.hasTime).toBe(false)
    thread.rest(15)
    expect(thread.pace.hasTime).toBe(true)
  })

  it('does not count the time in which other programs had the processor', () => {
    const thread = new Thread()
    thread.write(10, 5000)
    expect(thread.pace.hasTime).toBe(true)
    thread.write(60)
    expect(thread.pace.hasTime).toBe(false)
  })
})
