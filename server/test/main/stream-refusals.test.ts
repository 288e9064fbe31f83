import { once } from 'node:events'
import { createServer, get, type IncomingMessage } from 'node:http'
import type { AddressInfo } from 'node:net'
import { pino } from 'pino'
import { describe, expect, it, onTestFinished } from 'vitest'
import { WebSocket } from 'ws'
import { type NodeStreamOptions, nodePolicy } from '../../src/main/stream-policies.ts'
import { Broker } from '../../src/stream/broker.ts'
import { StreamEndpoint } from '../../src/stream/endpoint.ts'

const NODE: NodeStreamOptions = {
  node: 'edge',
  epoch: 7,
  limits: { queueLength: 256, ratePerSec: 500 },
  bufferEvents: 1000,
  access: { token: '', loopbackExempt: true },
  allowPayload: false,
}

function brokerFor(maxSubscribers: number): Broker {
  return new Broker({ bufferEvents: 1000, bufferBytes: 1 << 20, maxSubscribers, keepsPayload: false })
}

/** A node's stream; returns its address. */
async function serve(broker: Broker | undefined, options: Partial<NodeStreamOptions> = {}): Promise<string> {
  const server = createServer()
  const policy = nodePolicy(broker, { ...NODE, ...options })
  const endpoint = new StreamEndpoint(server, policy, pino({ level: 'silent' }))
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  onTestFinished(async () => {
    await endpoint.close(100)
    server.close()
    server.closeAllConnections()
  })
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`
}

/** Answer to an upgrade that is refused. */
async function refusalOf(url: string, headers: Readonly<Record<string, string>> = {}): Promise<[number, string]> {
  const handshake = {
    connection: 'Upgrade',
    upgrade: 'websocket',
    'sec-websocket-version': '13',
    'sec-websocket-key': 'dGhlIHNhbXBsZSBub25jZQ==',
  }
  const [answer] = (await once(get(url, { headers: { ...handshake, ...headers } }), 'response')) as [IncomingMessage]
  const parts = (await answer.toArray()) as Buffer[]
  return [answer.statusCode ?? 0, Buffer.concat(parts).toString()]
}

describe('the stream of a node', () => {
  it("is 503 with the original's text where it is off", async () => {
    const url = await serve(undefined)
    expect(await refusalOf(`${url}/stream`)).toEqual([503, 'hep stream not configured'])
  })

  it("is 503 with the original's text for one viewer too many, until one leaves", async () => {
    const broker = brokerFor(1)
    const url = await serve(broker)
    const first = new WebSocket(`${url}/stream`)
    await once(first, 'open')
    expect(await refusalOf(`${url}/stream`)).toEqual([503, 'hepstream: too many subscribers'])
    first.close()
    await expect.poll(() => broker.isFull).toBe(false)
    const second = new WebSocket(`${url}/stream`)
    await once(second, 'open')
    expect(broker.subscriberCount).toBe(1)
  })

  it('is 404 on another path', async () => {
    const url = await serve(brokerFor(1))
    expect(await refusalOf(`${url}/streams`)).toEqual([404, 'no stream here; it is at /stream\n'])
  })

  it('is 400 for what means nothing, with its place, only with strict=1', async () => {
    const url = await serve(brokerFor(1))
    const query = 'proto=x&code=99&history=-1&format=xml&since=7&sorts=1&q=method:INVITE+and+(code:4xx'
    const [status, text] = await refusalOf(`${url}/stream?strict=1&${query}`)
    expect(status).toBe(400)
    expect(text.trimEnd().split('\n')).toEqual([
      'proto: "x" is no HEP protocol type (0 to 4294967295)',
      'code: "99" is no status code; use 486 or 4xx',
      'q: this "(" is not closed (at 18)',
      'history: "-1" is no number of events',
      'format: "xml" is neither json nor block',
      'since: "7" is no EPOCH:SEQ or EPOCH:SEQ@NODE',
      'sorts: there is no parameter "sorts"',
    ])
    const lenient = new WebSocket(`${url}/stream?${query}`)
    await once(lenient, 'open')
  })

  it('is 401 without the token that the node asks for, and with a wrong one from anywhere', async () => {
    const broker = brokerFor(1)
    const url = await serve(broker, { access: { token: 'sesame', loopbackExempt: false } })
    expect((await refusalOf(`${url}/stream`))[0]).toBe(401)
    expect((await refusalOf(`${url}/stream`, { authorization: 'Bearer wrong' }))[0]).toBe(401)
    const opened = new WebSocket(`${url}/stream`, { headers: { authorization: 'Bearer sesame' } })
    await once(opened, 'open')
    expect(broker.subscriberCount).toBe(1)
  })
})
