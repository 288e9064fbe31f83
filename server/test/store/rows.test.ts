import { describe, expect, it } from 'vitest'
import { Blocks, packetOf, sipText, START_US } from './blocks.ts'
import { engineAt, newDataDir } from './data-dir.ts'

interface End {
  readonly keys: readonly string[]
  readonly meta: { readonly total: number; readonly has_more: boolean }
}

const textsOf = (lines: Buffer): string[] => lines.toString().trimEnd().split('\n')
const seqOf = (json: string): unknown => (JSON.parse(json) as { readonly seq: unknown }).seq

describe('rows as they come', () => {
  it.each([1, 5, 30, 56, 100])('are those of the whole answer, in the same order, up to %i', async (limit) => {
    const engine = await engineAt(newDataDir())
    const blocks = new Blocks()
    for (let file = 0; file < 14; file++) {
      const times = [file * 10, file * 10 + 5, file * 10 + 15, (file * 37) % 140].map((ms) => START_US + ms * 1000)
      engine.append(blocks.of(...times.map((tsUs) => packetOf(sipText(), { tsUs }))))
      if (file < 12) await engine.seal()
    }
    await engine.flush()
    const body = { param: { limit } }
    const whole = await engine.search(body)
    const pages: string[][] = []
    const paged = await engine.search(body, { onRows: (lines) => pages.push(textsOf(lines)) })
    if (!whole.ok || !paged.ok) throw new Error('no answer')
    const { data, meta } = JSON.parse(whole.json.toString()) as {
      data: { items: object[]; keys: string[] }
      meta: object
    }
    expect(pages.flat().map((json) => JSON.parse(json) as object)).toEqual(data.items)
    const end = JSON.parse(paged.json.toString()) as End
    expect(end.keys).toEqual(data.keys)
    expect({ ...end.meta, request_id: 0, took_ms: 0 }).toEqual({ ...meta, request_id: 0, took_ms: 0 })
    // The newest come before the old files are read.
    if (limit === 100) expect(pages.length).toBeGreaterThan(1)
  })

  it('come for the messages of a call too, oldest first', async () => {
    const engine = await engineAt(newDataDir())
    engine.append(
      new Blocks().of(...[3, 1, 2].map((ms) => packetOf(sipText({ callId: 'x' }), { tsUs: START_US + ms }))),
    )
    await engine.flush()
    const rows: string[] = []
    await engine.messages({ session_id: 'x' }, { onRows: (lines) => rows.push(...textsOf(lines)) })
    expect(rows.map(seqOf)).toEqual([2, 3, 1])
  })
})

describe('a search that nobody wants any more', () => {
  const slow = { filter: { payload: '%a%b%c%d%zz%' } }

  it('is ended, and the next is answered', async () => {
    const engine = await engineAt(newDataDir(), { searches: 1 })
    const blocks = new Blocks()
    for (let i = 0; i < 15; i++) engine.append(blocks.invites(1000))
    await engine.flush()
    const gone = new AbortController()
    const given = { ok: false, kind: 'unavailable', message: 'The search was given up' }
    const running = engine.search(slow, { signal: gone.signal })
    const waiting = engine.search(slow, { signal: gone.signal })
    const other = engine.search({ param: { limit: 1 } })
    setTimeout(() => gone.abort(), 5)
    expect(await running).toEqual(given)
    expect(await waiting).toEqual(given)
    expect((await other).ok).toBe(true)
    expect(await engine.search(slow, { signal: gone.signal })).toEqual(given)
  }, 60_000)
})

describe('what is missing', () => {
  it('is said while the log of an earlier run is read back', async () => {
    const dataDir = newDataDir()
    const first = await engineAt(dataDir)
    const blocks = new Blocks()
    for (let i = 0; i < 30; i++) first.append(blocks.invites(1000))
    await first.flush()
    await first.close()

    const second = await engineAt(dataDir)
    const body = { param: { limit: 1 } }
    const metaOf = async (): Promise<{ readonly incomplete?: object }> => {
      const answer = await second.search(body)
      if (!answer.ok) throw new Error(answer.message)
      return (JSON.parse(answer.json.toString()) as { readonly meta: { readonly incomplete?: object } }).meta
    }
    expect(second.stats().replayBytes).toBeGreaterThan(0)
    expect((await metaOf()).incomplete).toEqual({ reason: 'replay', pending_bytes: expect.any(Number) as number })
    await second.flush()
    expect(second.stats()).toMatchObject({ replayBytes: 0, replayedRows: 30_000 })
    expect(await metaOf()).not.toHaveProperty('incomplete')
  })
})
