import { expect, it } from 'vitest'
import { type EventBlock } from '@hepscope/shared/event/block.ts'
import { BlockWriter } from '@hepscope/shared/event/writer.ts'
import { encodeHep } from '@hepscope/shared/hep/encode.ts'
import { AgentBook, MAX_AGENTS } from '../../src/capture/agent-book.ts'
import { invite } from '../events.ts'

const START_MS = 1_795_308_000_000

interface Packet {
  readonly agentId: number
  readonly agentName?: string
  /** How long it took to its node, ms. */
  readonly delayMs?: number
}

function blockOf(atMs: number, packets: readonly Packet[], node = 'n1'): EventBlock {
  const writer = new BlockWriter({ node, epoch: 1 })
  for (const { agentId, agentName, delayMs = 5 } of packets) {
    const name = agentName === undefined ? {} : { agentName }
    writer.append(encodeHep({ ...invite('a'), agentId, ...name, tsUs: (atMs - delayMs) * 1000 }), atMs * 1000)
  }
  const block = writer.seal(atMs * 1000)
  if (block === undefined) throw new Error('no packets')
  return block
}

it('tells agents apart by node, id and name', () => {
  const book = new AgentBook()
  book.note(blockOf(START_MS, [{ agentId: 7 }, { agentId: 7, agentName: 'b' }, { agentId: 3 }, { agentId: 7 }]))
  book.note(blockOf(START_MS + 1, [{ agentId: 7 }], 'n2'))
  expect(book.list(START_MS + 2).map(({ node, agentId, name, events }) => [node, agentId, name, events])).toEqual([
    ['n1', 3, '', 1],
    ['n1', 7, '', 2],
    ['n1', 7, 'b', 1],
    ['n2', 7, '', 1],
  ])
})

it('has a rate over ten seconds, which falls to 0 when nothing comes', () => {
  const book = new AgentBook()
  for (let second = 0; second < 10; second++) {
    book.note(blockOf(START_MS + second * 1000, Array<Packet>(20).fill({ agentId: 1 })))
  }
  expect(book.list(START_MS + 10_000)[0]?.eventsPerSec).toBe(20)
  expect(book.list(START_MS + 15_000)[0]?.eventsPerSec).toBe(10)
  expect(book.list(START_MS + 60_000)[0]).toMatchObject({ eventsPerSec: 0, lastMs: START_MS + 9000, events: 200 })
})

it('measures the clock of an agent by its quickest packet', () => {
  const book = new AgentBook()
  book.note(
    blockOf(START_MS, [
      { agentId: 1, delayMs: 40 },
      { agentId: 1, delayMs: 3 },
      { agentId: 2, delayMs: -2500 },
    ]),
  )
  expect(book.list(START_MS).map(({ clockOffsetMs }) => clockOffsetMs)).toEqual([3, -2500])
})

it('notices a clock that was set', () => {
  const book = new AgentBook()
  book.note(blockOf(START_MS, [{ agentId: 1, delayMs: -1000 }]))
  for (let minute = 1; minute <= 3; minute++)
    book.note(blockOf(START_MS + minute * 61_000, [{ agentId: 1, delayMs: 8 }]))
  expect(book.list(START_MS)[0]?.clockOffsetMs).toBe(8)
})

it('keeps no more agents than it may, and forgets the silent ones', () => {
  const book = new AgentBook()
  book.note(blockOf(START_MS, [{ agentId: 0 }]))
  for (let i = 1; i < MAX_AGENTS; i += 1000) {
    const ids = Array.from({ length: Math.min(1000, MAX_AGENTS - i) }, (_, k) => ({ agentId: i + k }))
    book.note(blockOf(START_MS + i, ids))
  }
  book.note(blockOf(START_MS + 9000, [{ agentId: 1_000_000 }]))
  const ids = book.list(START_MS + 9001).map(({ agentId }) => agentId)
  expect(ids).toHaveLength(MAX_AGENTS)
  expect([ids.includes(0), ids.includes(1_000_000)]).toEqual([false, true])
})
