import { decodeHep } from '@hepscope/shared/hep/decode.ts'
import type { HepPacket } from '@hepscope/shared/hep/packet.ts'
import { describe, expect, it } from 'vitest'
import { LoadPool } from '../../src/gen/load-pool.ts'
import { SCENARIOS } from '../../src/gen/scenarios/all.ts'
import { checkMessage } from './sip-check.ts'

const START_US = 1_760_000_000_123_456

function decode(bytes: Uint8Array): HepPacket {
  const decoded = decodeHep(bytes.slice())
  if (!decoded.ok) throw new Error(`not HEP: ${decoded.reason}`)
  expect(decoded.warnings).toEqual([])
  return decoded.packet
}

function callIds(packets: readonly HepPacket[]): Set<string> {
  return new Set(packets.filter(({ protocolType }) => protocolType === 1).map((packet) => checkMessage(packet).callId))
}

describe('LoadPool', () => {
  const pool = new LoadPool({ seed: 1, scenarios: SCENARIOS, firstCycle: 0xabc })
  let timeUs = START_US
  const cycle = () => Array.from({ length: pool.frameCount }, () => decode(pool.next(timeUs++)))
  const [first, second] = [cycle(), cycle()]

  it('holds 1,000 complete calls', () => {
    const invites = first.filter(({ payload }) => new TextDecoder().decode(payload).startsWith('INVITE'))
    expect(invites.length).toBeGreaterThan(1000)
    expect(new Set(first.map(({ correlationId }) => correlationId)).size).toBe(1000)
    expect(pool.byteCount).toBeGreaterThan(4 * 1024 * 1024)
  })

  it('stamps each packet with the given time', () => {
    expect(first.map(({ tsUs }) => tsUs)).toEqual(first.map((_, index) => START_US + index))
    expect(second[0]?.tsUs).toBe(START_US + pool.frameCount)
  })

  it('gives each cycle Call-IDs of its own', () => {
    const [ids, next] = [callIds(first), callIds(second)]
    expect([...ids].filter((id) => next.has(id))).toEqual([])
    expect(next.size).toBe(ids.size)
    for (const id of ids) expect(id).toContain('-000000000abc')
    for (const id of next) expect(id).toContain('-000000000abd')
  })

  it('changes correlation id, X-CID and log lines with the Call-ID', () => {
    for (const packet of second) {
      expect(packet.correlationId).toContain('-000000000abd')
      expect(new TextDecoder().decode(packet.payload)).not.toMatch(/~|-000000000abc/)
    }
    const ids = callIds(second)
    const xCids = second.flatMap(({ payload }) => /X-CID: (\S+)/.exec(new TextDecoder().decode(payload))?.[1] ?? [])
    expect(xCids.length).toBeGreaterThan(0)
    for (const id of xCids) expect(ids).toContain(id)
  })
})
