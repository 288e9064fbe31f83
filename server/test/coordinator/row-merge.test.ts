import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { NodeSearch } from '../../src/coordinator/node-search.ts'
import type { Question, RowSource } from '../../src/coordinator/question.ts'
import { foundIn } from './store-node.ts'

interface Event {
  readonly ts_us: number
  readonly epoch: number
  readonly seq: number
  readonly node: string
}

/** Events, each with the places that have it. */
const placed = fc.uniqueArray(
  fc.record({
    ts_us: fc.nat(5),
    epoch: fc.nat(1),
    seq: fc.nat(3),
    node: fc.constantFrom('a', 'b', 'c'),
    places: fc.uniqueArray(fc.nat(3), { minLength: 1 }),
  }),
  { selector: ({ epoch, seq, node }) => `${epoch} ${seq} ${node}`, maxLength: 24 },
)

function compare(a: Event, b: Event, isNewestFirst: boolean): number {
  const difference = a.ts_us - b.ts_us || a.epoch - b.epoch || a.seq - b.seq
  return isNewestFirst ? -difference : difference
}

/** A place whose answer comes in pieces of some size, each after a turn of the event loop. */
function placeOf(i: number, own: readonly Event[], { limit }: Question, pieceBytes: number): RowSource {
  const meta = { has_more: own.length > limit }
  const lines = [...own.slice(0, limit), { keys: ['ts_us'], meta }].map((line) => `${JSON.stringify(line)}\n`)
  const bytes = Buffer.from(lines.join(''))
  return {
    name: `place-${i}`,
    isLocal: false,
    isAskedLast: i === 3,
    timeoutMs: 1000,
    ask: () => ({
      ownName: () => undefined,
      withheld: () => undefined,
      pieces: (async function* () {
        for (let at = 0; at < bytes.length; at += pieceBytes) {
          await new Promise((resolve) => setImmediate(resolve))
          yield bytes.subarray(at, at + pieceBytes)
        }
      })(),
    }),
  }
}

describe('mergeRows', () => {
  it('gives what one place that had everything would give', async () => {
    await fc.assert(
      fc.asyncProperty(placed, fc.integer({ min: 1, max: 12 }), fc.boolean(), fc.integer({ min: 7, max: 300 }), check),
      { numRuns: 300 },
    )
  })

  async function check(
    events: readonly (Event & { readonly places: readonly number[] })[],
    limit: number,
    isNewestFirst: boolean,
    pieceBytes: number,
  ): Promise<void> {
    const question: Question = {
      kind: 'search',
      body: {},
      limit,
      order: ['ts_us', 'epoch', 'seq'],
      identity: ['node', 'epoch', 'seq'],
      isNewestFirst,
    }
    const sorted = [...events].sort((a, b) => compare(a, b, isNewestFirst))
    const places = [0, 1, 2, 3].map((i) =>
      placeOf(
        i,
        sorted.filter((event) => event.places.includes(i)),
        question,
        pieceBytes,
      ),
    )
    const answer = await new NodeSearch(places).ask(question)
    if (!answer.ok) throw new Error(answer.message)
    const { items, meta } = foundIn(answer)
    const rows = items as unknown as Event[]
    const order = ({ ts_us, epoch, seq }: Event): number[] => [ts_us, epoch, seq]
    expect(rows.map(order)).toEqual(sorted.slice(0, limit).map(order))
    expect(new Set(rows.map(({ node, epoch, seq }) => `${node} ${epoch} ${seq}`)).size).toBe(rows.length)
    expect(meta.has_more).toBe(sorted.length > limit)
    expect(meta.nodes.map(({ state }) => state)).toEqual(['ok', 'ok', 'ok', 'ok'])
    expect(meta.nodes.reduce((sum, one) => sum + one.rows, 0)).toBe(rows.length)
  }

  it('takes the newest version of a row that several places have', async () => {
    const question: Question = {
      kind: 'calls',
      body: {},
      limit: 10,
      order: ['ts_us', 'epoch', 'seq'],
      identity: ['node', 'epoch', 'seq'],
      isNewestFirst: true,
    }
    const call = { ts_us: 5, epoch: 1, seq: 1, node: 'a' }
    const versions = [[{ ...call, version: 3 }], [{ ...call, version: 7 }], [{ ...call, node: 'b', version: 9 }], []]
    const places = versions.map((own, i) => placeOf(i, own, question, 1000))
    const answer = await new NodeSearch(places).ask(question)
    if (!answer.ok) throw new Error(answer.message)
    const items = foundIn(answer).items as unknown as readonly { readonly node: string; readonly version: number }[]
    expect(items.map(({ node, version }) => [node, version])).toEqual([
      ['b', 9],
      ['a', 7],
    ])
  })
})
