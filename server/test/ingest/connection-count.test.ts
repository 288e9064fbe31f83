import { describe, expect, it } from 'vitest'
import {
  clearConnections,
  ConnectionCount,
  connectionsIn,
  sharedConnections,
} from '../../src/ingest/connection-count.ts'

describe('ConnectionCount', () => {
  it('has one limit for all threads, and forgets those of a thread that died', () => {
    const shared = sharedConnections(2)
    const first = new ConnectionCount(3, shared, 0)
    const second = new ConnectionCount(3, shared, 1)
    expect([first.open(), second.open(), second.open(), first.open()]).toEqual([true, true, true, false])
    expect(connectionsIn(shared)).toBe(3)
    expect(clearConnections(shared, 1)).toBe(2)
    expect(first.total).toBe(1)
    expect([first.open(), first.open(), first.open()]).toEqual([true, true, false])
    first.close()
    expect(first.open()).toBe(true)
  })
})
