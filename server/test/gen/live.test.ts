import { decodeHep } from '@hepscope/shared/hep/decode.ts'
import { describe, expect, it } from 'vitest'
import { sendLive } from '../../src/gen/live.ts'
import { playSampleCalls } from '../../src/gen/play.ts'
import { simulateCalls } from '../../src/gen/simulator.ts'

const START_US = 1_760_000_000_000_000

function simulated(calls: number) {
  return [...simulateCalls({ seed: 1, calls, callsPerSec: 10, startUs: START_US, durationScale: 0.1 })]
}

function timeOf(bytes: Uint8Array): number {
  const decoded = decodeHep(bytes)
  return (decoded.ok ? decoded.packet.tsUs : undefined) ?? 0
}

describe('sendLive', () => {
  it('sends each packet when it is due, with the time at which it leaves', async () => {
    const packets = simulated(5)
    const startedMs = performance.now()
    const late: number[] = []
    const times: number[] = []
    const send = (bytes: Uint8Array) => {
      const offsetUs = timeOf(bytes) - START_US
      late.push(performance.now() - startedMs - offsetUs / 1000)
      times.push(offsetUs)
    }
    const speed = 100
    const sentCount = await sendLive(packets, { startUs: START_US, speed, send, signal: undefined })
    expect(sentCount).toBe(packets.length)
    expect(Math.min(...late)).toBeGreaterThan(-2)
    expect(times).toEqual(packets.map(({ tsUs }) => Math.round(((tsUs ?? 0) - START_US) / speed)))
  })

  it('keeps the simulated times when it does not wait', async () => {
    const packets = simulated(20)
    const times: number[] = []
    const send = (bytes: Uint8Array) => void times.push(timeOf(bytes))
    await sendLive(packets, { startUs: START_US, speed: undefined, send, signal: undefined })
    expect(times).toEqual(packets.map(({ tsUs }) => tsUs))
  })

  it('waits for what send asks it to wait for', async () => {
    let pending = 0
    let most = 0
    const send = async () => {
      most = Math.max(most, ++pending)
      await Promise.resolve()
      pending--
    }
    await sendLive(simulated(3), { startUs: START_US, speed: undefined, send, signal: undefined })
    expect(most).toBe(1)
  })

  it('stops when the signal comes, also while it waits', async () => {
    const abort = new AbortController()
    const packets = simulated(3)
    let sent = 0
    const send = () => {
      if (++sent === 3) abort.abort()
    }
    expect(await sendLive(packets, { startUs: START_US, speed: 0.0001, send, signal: AbortSignal.timeout(20) })).toBe(0)
    expect(await sendLive(packets, { startUs: START_US, speed: 1000, send, signal: abort.signal })).toBe(3)
  })
})

describe('playSampleCalls', () => {
  it('plays in real time until it is aborted', async () => {
    const abort = new AbortController()
    const times: number[] = []
    const startedUs = Date.now() * 1000
    const summary = await playSampleCalls({
      calls: 30,
      callsPerSec: 100,
      seed: 1,
      signal: abort.signal,
      send: (bytes) => {
        times.push(timeOf(bytes))
        if (times.length === 20) abort.abort()
      },
    })
    expect(summary).toMatchObject({ packetCount: 20, isAborted: true })
    for (const time of times) expect(Math.abs(time - startedUs)).toBeLessThan(5_000_000)
  })

  it('plays to the end', async () => {
    let count = 0
    // Seed 1's first call is a registration, over within half a second.
    const summary = await playSampleCalls({ calls: 1, callsPerSec: 50, seed: 1, send: () => count++ })
    expect(summary).toEqual({ callCount: 1, packetCount: count, isAborted: false })
  })
})
