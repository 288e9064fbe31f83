import { mkdtempSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pino } from 'pino'
import { describe, expect, it } from 'vitest'
import { decodeHep } from '@hepscope/shared/hep/decode.ts'
import { encodeHep } from '@hepscope/shared/hep/encode.ts'
import { HepCallbacks, loadCallbacks } from '../../src/ingest/callbacks.ts'
import { invite } from '../events.ts'

const LOG = pino({ enabled: false })
const FROM = { transport: 'udp', address: '192.0.2.9', port: 1234 } as const
const PACKET = encodeHep(invite('call-1'))
const NOW_US = 1_700_000_001_000_000

describe('HepCallbacks', () => {
  it('passes the bytes on untouched when no callback wants otherwise', () => {
    const callbacks = new HepCallbacks(LOG)
    const seen: unknown[] = []
    callbacks.add((packet, from) => {
      seen.push(packet.srcIp, from)
      return undefined
    })
    const result = callbacks.run(PACKET, FROM, NOW_US)
    expect(result).toEqual({ kind: 'pass', packet: PACKET })
    expect(seen).toEqual(['10.0.0.1', FROM])
  })

  it('runs the newest first, each with what the one before made of the packet', () => {
    const callbacks = new HepCallbacks(LOG)
    const order: string[] = []
    callbacks.add((packet) => {
      order.push(`old ${packet.agentId}`)
      return undefined
    })
    callbacks.add((packet) => {
      order.push('new')
      return { ...packet, agentId: 77 }
    })
    const result = callbacks.run(PACKET, FROM, NOW_US)
    expect(order).toEqual(['new', 'old 77'])
    const decoded = result.kind === 'pass' ? decodeHep(result.packet, NOW_US) : undefined
    expect(decoded).toMatchObject({ ok: true, packet: { agentId: 77, payload: invite('call-1').payload } })
  })

  it('stops a packet that one callback skips, after all have seen it', () => {
    const callbacks = new HepCallbacks(LOG)
    let seen = 0
    callbacks.add(() => {
      seen++
      return undefined
    })
    callbacks.add(() => 'skip')
    expect(callbacks.run(PACKET, FROM, NOW_US)).toEqual({ kind: 'skip' })
    expect(seen).toBe(1)
  })

  it('goes on when one throws, and refuses what cannot be encoded', () => {
    const callbacks = new HepCallbacks(LOG)
    callbacks.add(() => {
      throw new Error('a bug of the operator')
    })
    expect(callbacks.run(PACKET, FROM, NOW_US).kind).toBe('pass')
    expect(callbacks.errorCount).toBe(1)
    callbacks.add((packet) => ({ ...packet, srcPort: 70_000 }))
    expect(callbacks.run(PACKET, FROM, NOW_US)).toEqual({ kind: 'refuse', reason: 'bad-replacement' })
  })
})

describe('loadCallbacks', () => {
  const file = (text: string): string => {
    const path = join(mkdtempSync(join(tmpdir(), 'hepscope-callback-')), 'callback.mjs')
    writeFileSync(path, text)
    return path
  }

  it('loads ES modules by path', async () => {
    const callbacks = await loadCallbacks([file('export function onHep() { return "skip" }')], LOG)
    expect(callbacks?.run(PACKET, FROM, NOW_US)).toEqual({ kind: 'skip' })
    expect(await loadCallbacks([], LOG)).toBeUndefined()
  })

  it.each([
    ['a file that is not there', '/nonexistent.mjs'],
    ['a module without onHep', file('export const other = 1')],
    ['a module that does not parse', file('export function (')],
  ])('refuses %s and names it', async (_, path) => {
    await expect(loadCallbacks([path], LOG)).rejects.toThrow(path)
  })
})
