import { createServer, type AddressInfo } from 'node:net'
import { onTestFinished, expect, it } from 'vitest'
import { ListenerCheck } from '../../src/capture/listener-check.ts'
import { ask, bearer, login, openServer } from '../http/test-server.ts'

it('sends a packet through every listener of a server, with the key that one asks for', async () => {
  const listeners = [
    'hep_udp:127.0.0.1:0',
    'hep_tcp:127.0.0.1:0',
    'hep_http:127.0.0.1:0',
    { uri: 'hep_udp:127.0.0.1:0', auth_key: 'secret' },
  ]
  const server = await openServer({}, { ingest: { listeners, hep_stream: { enable: true } } })
  onTestFinished(server.close)
  const token = await login(server.url)
  const { status, data: results } = await ask(server.url, 'post', '/api/v4/capture/check', bearer(token))
  expect(status).toBe(200)
  const checked = results as { transport: string; ok: boolean }[]
  expect(checked.map(({ transport, ok }) => [transport, ok])).toEqual([
    ['udp', true],
    ['tcp', true],
    ['http', true],
    ['udp', true],
  ])
  const state = await ask(server.url, 'get', '/api/v4/capture', bearer(token))
  expect((state.data as { agents: readonly unknown[] }).agents).toMatchObject([{ agentId: 0, events: 4 }])
})

it('says why a packet did not arrive', async () => {
  const silent = createServer((socket) => socket.on('data', () => socket.destroy()))
  await new Promise<void>((resolve) => silent.listen(0, '127.0.0.1', resolve))
  onTestFinished(() => void silent.close())
  const { port } = silent.address() as AddressInfo
  const closedPort = await freePort()
  const check = new ListenerCheck(() => [
    { transport: 'tcp', host: '127.0.0.1', port },
    { transport: 'tcp', host: '127.0.0.1', port: closedPort },
    { transport: 'udp', host: '0.0.0.0', port: closedPort },
  ])
  const results = await check.run()
  expect(results.map((result) => (result.ok ? '' : result.reason))).toEqual([
    'the listener closed the connection',
    expect.stringContaining('ECONNREFUSED'),
    expect.stringContaining('nothing arrived'),
  ])
})

async function freePort(): Promise<number> {
  const server = createServer()
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  await new Promise((resolve) => server.close(resolve))
  return port
}
