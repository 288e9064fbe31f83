import { afterEach, describe, expect, it, vi } from 'vitest'
import { getStoredMessages } from '../../../src/app/http/stored-messages.ts'

const ROW = { node: 'fra', epoch: '1769868000000', seq: 7, session_id: 'a@b', payload: 'x' }

function answerWith(status: number, body: unknown): ReturnType<typeof vi.fn> {
  const fetch = vi.fn(async () => new Response(JSON.stringify(body), { status }))
  vi.stubGlobal('fetch', fetch)
  return fetch
}

const { signal } = new AbortController()

afterEach(() => {
  vi.unstubAllGlobals()
})

describe('getStoredMessages', () => {
  it('asks for fifty Call-IDs at a time, in a range', async () => {
    const fetch = answerWith(200, { data: { items: [ROW, undefined, 5] } })
    const callIds = Array.from({ length: 60 }, (_, i) => `c${i}`)
    const result = await getStoredMessages(callIds, { fromMs: 1, toMs: 2 }, signal)
    expect(result).toMatchObject({ kind: 'found' })
    expect(result.kind === 'found' && result.messages.map((message) => message.key)).toEqual([
      'fra:1769868000000:7',
      'fra:1769868000000:7',
    ])
    expect(fetch).toHaveBeenCalledTimes(2)
    const [, init] = fetch.mock.calls[0] as [string, RequestInit]
    expect(JSON.parse(init.body as string)).toEqual({
      session_ids: callIds.slice(0, 50),
      with_related: true,
      timestamp: { from: 1, to: 2 },
    })
  })

  it('tells a store that is off from one that fails', async () => {
    answerWith(503, { error: { detail: 'Storage is switched off' } })
    expect(await getStoredMessages(['a'], undefined, signal)).toEqual({ kind: 'off' })
    answerWith(500, { error: { detail: 'broken' } })
    expect(await getStoredMessages(['a'], undefined, signal)).toEqual({ kind: 'failed', message: 'broken' })
    vi.stubGlobal('fetch', () => Promise.reject(new TypeError('network')))
    expect(await getStoredMessages(['a'], undefined, signal)).toEqual({
      kind: 'failed',
      message: 'the server does not answer',
    })
  })
})
