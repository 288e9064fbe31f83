import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { type ControlFrame, type HepStream, type HepStreamEvent, openHepStream } from '../../src/sdk/index.ts'
import { BlockSource, StreamServer } from './stream-server.ts'
import { WebSocket } from './ws-package.ts'

let server: StreamServer
let stream: HepStream | undefined

beforeEach(async () => {
  server = await StreamServer.start()
})
afterEach(async () => {
  stream?.close()
  stream = undefined
  vi.restoreAllMocks()
  await server.stop()
})

/** Shortest retries. */
function hurry(): void {
  vi.spyOn(Math, 'random').mockReturnValue(0)
}

describe('openHepStream', () => {
  it('sends the filter as the query that the original client sends', async () => {
    stream = openHepStream(
      { proto: [1, 5], method: 'INVITE', onlyRequests: true, includePayload: true, history: 7 },
      { onEvent() {} },
      { url: server.url, WebSocket },
    )
    const { query, path } = await server.session()
    expect(path).toBe('/api/v4/stream/hep')
    expect(query.toString()).toBe('proto=1&proto=5&method=INVITE&only_requests=1&include_payload=1&history=7')
  })

  it('sends what narrows further', async () => {
    stream = openHepStream(
      { callid: 'a@b', user: ['alice', 'bob'], ip: '10.0.0.0/8', code: 486, node: 'fra', agent: 7, q: 'from:alice' },
      { onEvent() {} },
      { url: server.url, WebSocket },
    )
    const { query } = await server.session()
    expect(query.toString()).toBe(
      'agent=7&callid=a%40b&code=486&ip=10.0.0.0%2F8&node=fra&user=alice&user=bob&q=from%3Aalice',
    )
  })

  it('hands control frames over, and goes on behind what they and the events say', async () => {
    hurry()
    const frames: ControlFrame[] = []
    stream = openHepStream(
      { history: 5 },
      { onEvent() {}, onControl: (frame) => frames.push(frame) },
      { url: server.url, WebSocket },
    )
    const first = await server.session()
    expect(first.query.toString()).toBe('control=1&history=5')
    const control = [
      {
        type: 'hello',
        positions: [
          { node: 'fra', epoch: 1000, seq: 7 },
          { node: 'ams', epoch: 2000, seq: 1 },
        ],
      },
      { type: 'replay-end', count: 0 },
      { type: 'gap', node: 'fra', epoch: 1000, from: 8, to: 9, count: 2, cause: 'queue' },
    ]
    for (const frame of control) first.socket.send(JSON.stringify(frame))
    first.socket.send('{"ts":1,"proto":1,"node":"ams","epoch":2000,"seq":3}')
    first.socket.close()
    const again = await server.session()
    expect(frames).toEqual(control)
    expect(again.query.getAll('since')).toEqual(['1000:9@fra', '2000:3@ams'])
    expect(again.query.has('history')).toBe(false)
  })

  it('hands no event over twice', async () => {
    const seqs: (number | undefined)[] = []
    const done = new Promise<void>((resolve) => {
      const onEvent = ({ seq }: HepStreamEvent): void => {
        seqs.push(seq)
        if (seq === 9) resolve()
      }
      stream = openHepStream({}, { onEvent, onControl() {} }, { url: server.url, WebSocket })
    })
    const { socket } = await server.session()
    for (const seq of [1, 2, 1, 2, 3, 9]) {
      socket.send(`{"ts":1,"proto":1,"node":"fra","epoch":1000,"seq":${seq}}`)
    }
    await done
    expect(seqs).toEqual([1, 2, 3, 9])
  })

  it('goes on in the history if the connection broke amid it', async () => {
    hurry()
    stream = openHepStream({ history: 5 }, { onEvent() {}, onControl() {} }, { url: server.url, WebSocket })
    const { socket } = await server.session()
    socket.send('{"type":"hello","positions":[{"node":"fra","epoch":1000,"seq":7}]}')
    socket.send('{"ts":1,"proto":1,"node":"fra","epoch":1000,"seq":3}')
    socket.close()
    expect((await server.session()).query.getAll('since')).toEqual(['1000:3@fra'])
  })

  it('sends no history for 0 and no filter for an empty one', async () => {
    stream = openHepStream({ history: 0, proto: [] }, { onEvent() {} }, { url: server.url, WebSocket })
    expect((await server.session()).query.toString()).toBe('')
  })

  it('hands each JSON frame over as an event, in order, and is open', async () => {
    const events: HepStreamEvent[] = []
    let opened = 0
    const got = new Promise<void>((resolve) => {
      const onEvent = (event: HepStreamEvent): void => {
        if (events.push(event) === 2) resolve()
      }
      stream = openHepStream({}, { onEvent, onOpen: () => opened++ }, { url: server.url, WebSocket })
    })
    expect(stream?.state()).toBe('connecting')
    const { socket } = await server.session()
    socket.send('{"ts":1,"proto":1,"sip":{"method":"INVITE","callid":"a"}}')
    socket.send('{"ts":2,"proto":5}')
    await got
    expect(events).toEqual([
      { ts: 1, proto: 1, sip: { method: 'INVITE', callid: 'a' } },
      { ts: 2, proto: 5 },
    ])
    expect(stream?.state()).toBe('open')
    expect(opened).toBe(1)
  })

  it.each(['nonsense', 'null', '[]', '{"ts":"1","proto":1}'])('reports the frame %s and goes on', async (frame) => {
    const errors: unknown[] = []
    const got = new Promise<HepStreamEvent>((resolve) => {
      stream = openHepStream(
        {},
        { onEvent: resolve, onError: (error) => errors.push(error) },
        { url: server.url, WebSocket },
      )
    })
    const { socket } = await server.session()
    socket.send(frame)
    socket.send('{"ts":2,"proto":1}')
    expect(await got).toEqual({ ts: 2, proto: 1 })
    expect(errors).toEqual([new Error('a frame of the stream is no event')])
  })

  it('asks the token provider before each connection', async () => {
    hurry()
    const tokens = ['first', 'second']
    stream = openHepStream({}, { onEvent() {} }, { url: server.url, WebSocket, token: async () => tokens.shift() })
    const first = await server.session()
    expect(first.query.get('access_token')).toBe('first')
    first.socket.close(1001)
    expect((await server.session()).query.get('access_token')).toBe('second')
  })

  it('tries again when the token provider fails', async () => {
    hurry()
    const errors: unknown[] = []
    const answers = [Promise.reject(new Error('offline')), Promise.resolve('t')]
    stream = openHepStream(
      {},
      { onEvent() {}, onError: (error) => errors.push(error) },
      { url: server.url, WebSocket, token: () => answers.shift() },
    )
    expect((await server.session()).query.get('access_token')).toBe('t')
    expect(errors).toEqual([new Error('offline')])
  })

  it('connects again after a break and does not ask for history twice', async () => {
    hurry()
    const retries: number[] = []
    const closed = vi.fn()
    stream = openHepStream(
      { history: 5 },
      { onEvent() {}, onClose: closed },
      { url: server.url, WebSocket, onRetry: (delayMs) => retries.push(delayMs) },
    )
    const first = await server.session()
    expect(first.query.get('history')).toBe('5')
    first.socket.terminate()
    const second = await server.session()
    expect(second.query.get('history')).toBeNull()
    expect(closed).toHaveBeenCalledTimes(1)
    expect(retries).toEqual([500])
  })

  it('waits longer after each refusal', async () => {
    hurry()
    server.refuseWith = 503
    const retries: number[] = []
    const errors = vi.fn()
    await new Promise<void>((resolve) => {
      const onRetry = (delayMs: number): void => {
        retries.push(delayMs)
        if (retries.length === 4) resolve()
        else stream?.retryNow()
      }
      stream = openHepStream({}, { onEvent() {}, onError: errors }, { url: server.url, WebSocket, onRetry })
    })
    expect(retries).toEqual([500, 1000, 2000, 4000])
    expect(errors).toHaveBeenCalledTimes(4)
    expect(stream?.state()).toBe('connecting')
  })

  it('waits for the shortest time again after a session that lasted', async () => {
    hurry()
    server.refuseWith = 503
    const retries: number[] = []
    let next: (() => void) | undefined
    stream = openHepStream(
      {},
      { onEvent() {} },
      {
        url: server.url,
        WebSocket,
        onRetry: (delayMs) => {
          retries.push(delayMs)
          next?.()
        },
      },
    )
    await new Promise<void>((resolve) => (next = resolve))
    server.refuseWith = 0
    stream.retryNow()
    const { socket } = await server.session()
    await vi.waitUntil(() => stream?.state() === 'open')
    const nowMs = Date.now()
    vi.spyOn(Date, 'now').mockReturnValue(nowMs + 6000)
    const again = new Promise<void>((resolve) => (next = resolve))
    socket.terminate()
    await again
    expect(retries).toEqual([500, 500])
  })

  it('ends when the token ended and nobody can give another', async () => {
    const closed = new Promise<CloseEvent>((resolve) => {
      stream = openHepStream({}, { onEvent() {}, onClose: resolve }, { url: server.url, WebSocket })
    })
    const { socket } = await server.session()
    socket.close(4401, 'token ended')
    expect((await closed).code).toBe(4401)
    expect(stream?.state()).toBe('closed')
  })

  it('calls no handler after close, which may be called twice', async () => {
    const handlers = { onEvent: vi.fn(), onClose: vi.fn(), onError: vi.fn() }
    stream = openHepStream({}, handlers, { url: server.url, WebSocket })
    stream.close()
    stream.close()
    expect(stream.state()).toBe('closed')
    stream.retryNow()
    await new Promise((resolve) => setTimeout(resolve, 50))
    expect(server.upgrades).toBeLessThanOrEqual(1)
    for (const handler of Object.values(handlers)) expect(handler).not.toHaveBeenCalled()
  })

  it('hands blocks over and resumes behind the last event of each node', async () => {
    hurry()
    const counts: string[] = []
    let got: (() => void) | undefined
    stream = openHepStream(
      { history: 50 },
      {},
      {
        url: server.url,
        WebSocket,
        format: 'block',
        onBlock: (block) => {
          counts.push(`${block.node} ${block.firstSeq}+${block.count}`)
          if (counts.length === 3) got?.()
        },
      },
    )
    const { socket, query } = await server.session()
    expect(query.toString()).toBe('format=block&history=50')
    const all = new Promise<void>((resolve) => (got = resolve))
    const fra = new BlockSource('fra', 1000)
    socket.send(fra.block(3))
    socket.send(fra.block(4))
    socket.send(new BlockSource('ams', 2000).block(2))
    await all
    expect(counts).toEqual(['fra 1+3', 'fra 4+4', 'ams 1+2'])
    socket.terminate()
    const again = await server.session()
    expect(again.query.get('history')).toBeNull()
    expect(again.query.getAll('since')).toEqual(['1000:7@fra', '2000:2@ams'])
  })

  it('skips a binary frame that is no block', async () => {
    const errors: unknown[] = []
    const got = new Promise<number>((resolve) => {
      stream = openHepStream(
        {},
        { onError: (error) => errors.push(error) },
        { url: server.url, WebSocket, format: 'block', onBlock: (block) => resolve(block.count) },
      )
    })
    const { socket } = await server.session()
    const cut = new BlockSource('n', 1).block(2).subarray(0, 100)
    socket.send(cut)
    socket.send(new BlockSource('n', 1).block(2))
    expect(await got).toBe(2)
    expect(errors).toEqual([new Error('a frame of the stream is no event block: too-short')])
  })

  it('says what is missing when there is neither URL nor WebSocket', () => {
    expect(() => openHepStream({}, { onEvent() {} }, { WebSocket })).toThrow('needs options.url')
    vi.stubGlobal('WebSocket', undefined)
    expect(() => openHepStream({}, { onEvent() {} }, { url: server.url })).toThrow('needs options.WebSocket')
    vi.unstubAllGlobals()
  })
})
