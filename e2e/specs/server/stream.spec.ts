import { once } from 'node:events'
import { WebSocket } from 'ws'
import { expect, test } from '../../test.ts'
import { freshName, SipCall } from '../../hep/sip-call.ts'
import { runHepscope } from '../../server/command-line.ts'
import { watchFrames } from '../../stream/viewer.ts'

/** HTTP status of an upgrade that is refused. */
async function refusalOf(url: string, headers: Readonly<Record<string, string>> = {}): Promise<number | undefined> {
  const socket = new WebSocket(url.replace(/^http/, 'ws'), { headers })
  socket.on('error', () => undefined)
  const [, response] = (await once(socket, 'unexpected-response')) as [unknown, { statusCode?: number }]
  socket.terminate()
  return response.statusCode
}

test('gives payloads to an admin who asks, and to nobody on the node port', async ({ stage, server, hep }) => {
  const { token } = await server.login()
  const address = `${server.url}/api/v4/stream/hep?access_token=${token}`
  const plain = await watchFrames(stage, address)
  const whole = await watchFrames(stage, `${address}&include_payload=1`)
  const node = await watchFrames(stage, `${server.nodeUrl}/stream?include_payload=1`)
  const call = new SipCall({ callId: freshName('payload') })
  await hep.send(call.invite())

  const sip = { method: 'INVITE', callid: call.callId, cseq: '1 INVITE', from_user: 'alice', to_user: 'bob' }
  for (const frames of [plain, node, whole]) {
    await expect
      .poll(() => frames)
      .toMatchObject([{ proto: 1, src_ip: '10.0.0.1', src_port: 5060, node_id: 2001, sip }])
  }
  expect(plain[0]).not.toHaveProperty('payload')
  expect(node[0]).not.toHaveProperty('payload')
  expect(whole[0]?.payload).toContain(`Call-ID: ${call.callId}`)
})

test('filters by type, method and direction, and begins with history', async ({ stage, server, hep }) => {
  const call = new SipCall({ callId: freshName('filter') })
  await hep.send(call.invite(), call.ringing(), call.answer(), call.ack(), call.bye(), call.byeAnswer())
  await server.stores(6, 5000)
  const stream = (query: string) => watchFrames(stage, `${server.nodeUrl}/stream?history=100&${query}`)
  const lines = (frames: readonly { sip?: { method?: string; resp_code?: string } }[]) =>
    frames.map(({ sip }) => `${sip?.method ?? ''}${sip?.resp_code === undefined ? '' : ` ${sip.resp_code}`}`)

  const all = await stream('proto=1')
  const invites = await stream('proto=1&method=invite')
  const requests = await stream('proto=1&only_requests=1')
  const rtcp = await stream('proto=5')
  await hep.send(new SipCall({ callId: freshName('filter') }).invite())
  await expect.poll(() => lines(all)).toEqual(['INVITE', 'INVITE 180', 'INVITE 200', 'ACK', 'BYE', 'BYE 200', 'INVITE'])
  await expect.poll(() => lines(invites)).toEqual(['INVITE', 'INVITE 180', 'INVITE 200', 'INVITE'])
  await expect.poll(() => lines(requests)).toEqual(['INVITE', 'ACK', 'BYE', 'INVITE'])
  expect(rtcp).toEqual([])
})

test('narrows further, says what it made of the request, and goes on behind an event', async ({
  stage,
  server,
  hep,
}) => {
  const call = new SipCall({ callId: freshName('narrow') })
  await hep.send(call.invite(), call.ringing(), call.answer(), call.ack(), call.bye(), call.byeAnswer())
  await server.stores(6, 5000)
  const stream = (query: string) => watchFrames(stage, `${server.nodeUrl}/stream?${query}`)
  const starts = (frames: Awaited<ReturnType<typeof stream>>) =>
    frames.flatMap(({ sip }) => (sip === undefined ? [] : [sip.resp_code ?? sip.method]))

  const codes = await stream(`history=100&callid=${call.callId}&code=2xx,180`)
  const users = await stream('history=100&user=alice&ip=10.0.0.0/8&only_requests=1')
  const expression = await stream(`history=100&q=${encodeURIComponent('method:BYE and not code:200')}`)
  const nobody = await stream('history=100&user=ali')
  await expect.poll(() => starts(codes)).toEqual(['180', '200', '200'])
  await expect.poll(() => starts(users)).toEqual(['INVITE', 'ACK', 'BYE'])
  await expect.poll(() => starts(expression)).toEqual(['BYE'])
  expect(nobody).toEqual([])

  const told = await stream('control=1&history=1&code=99')
  await expect.poll(() => told.length).toBe(3)
  const [hello, last, end] = told
  expect(hello).toMatchObject({ type: 'hello', filter: '', history: 1, ignored: [{ parameter: 'code', value: '99' }] })
  expect(end).toEqual({ type: 'replay-end', count: 1 })
  const { node, epoch, seq } = last as unknown as { node: string; epoch: number; seq: number }
  expect(seq).toBe(6)
  expect(hello).toMatchObject({ node, epoch })
  const resumed = await stream(`control=1&since=${epoch}:4@${encodeURIComponent(node)}`)
  await expect.poll(() => starts(resumed)).toEqual(['BYE', '200'])
  expect(await refusalOf(`${server.nodeUrl}/stream?strict=1&code=99`)).toBe(400)
})

test('lets nobody in without a valid token, nor after logging out', async ({ server }) => {
  const address = `${server.url}/api/v4/stream/hep`
  expect(await refusalOf(address)).toBe(401)
  expect(await refusalOf(address, { authorization: 'Bearer nonsense' })).toBe(401)
  expect(await refusalOf(`${address}?access_token=nonsense`)).toBe(401)

  const { token } = await server.login()
  const authorization = `Bearer ${token}`
  const socket = new WebSocket(address.replace(/^http/, 'ws'), { headers: { authorization } })
  await once(socket, 'open')
  const closed = once(socket, 'close') as Promise<[number]>
  await fetch(`${server.url}/api/v4/auth/sessions/current`, { method: 'DELETE', headers: { authorization } })
  expect((await closed)[0]).toBe(4401)
  expect(await refusalOf(address, { authorization })).toBe(401)
})

test('is off unless the configuration turns it on', async ({ stage }) => {
  const bare = runHepscope(stage, ['serve'], {
    HEPSCOPE_DATA_DIR: stage.directory(),
    HEPSCOPE_INGEST_LISTENERS: 'hep_udp:127.0.0.1:0',
    HEPSCOPE_COORDINATOR_LISTEN: '127.0.0.1:0',
    HEPSCOPE_NODE_LISTEN: '127.0.0.1:0',
  })
  const [, url = ''] = await bare.saying(/node stream +(ws:\S+)[^]*data /, 15_000)
  expect(await refusalOf(url)).toBe(503)
  await bare.stop()
})
