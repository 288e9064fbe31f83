import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { connect } from 'node:net'
import { encodeHep } from '@hepscope/shared/hep/encode.ts'
import { expect, test } from '../../test.ts'
import { freshName, SipCall } from '../../hep/sip-call.ts'
import { postJson } from '../../server/api.ts'
import type { Metrics } from '../../server/metrics.ts'

function rejected(metrics: Metrics, reason = ''): number {
  return metrics.sum('hepscope_packets_rejected_total', reason === '' ? '' : `reason="${reason}"`)
}

test('counts garbage on UDP by reason, says so in the log, and goes on', async ({ server, hep }) => {
  const call = new SipCall({ callId: freshName('sound') })
  const invite = encodeHep(call.invite())
  const hep3 = (total: number, ...rest: number[]): Uint8Array =>
    Uint8Array.of(0x48, 0x45, 0x50, 0x33, 0, total, ...rest)
  const garbage = [
    ['unknown-format', new TextEncoder().encode('INVITE sip:bob@example.com SIP/2.0\r\n\r\n')],
    ['unknown-format', Uint8Array.of(0xff, ...randomBytes(1399))],
    ['too-short', Uint8Array.of(0x48)],
    ['truncated', invite.subarray(0, invite.length - 1)],
    ['truncated', invite.subarray(0, 10)],
    ['bad-total', hep3(3)],
    ['bad-chunk-length', hep3(12, 0, 0, 0, 11, 0, 2)],
    ['chunk-overrun', hep3(13, 0, 0, 0, 11, 0, 99, 1)],
  ] as const
  for (const [, bytes] of garbage) await hep.sendBytes(bytes)
  await hep.sendBytes(invite)

  await expect.poll(async () => (await server.metrics()).sum('hepscope_events_total')).toBe(1)
  const metrics = await server.metrics()
  expect(rejected(metrics)).toBe(garbage.length)
  for (const reason of new Set(garbage.map(([name]) => name))) {
    expect(rejected(metrics, reason), reason).toBe(garbage.filter(([name]) => name === reason).length)
  }
  expect(metrics.sum('hepscope_packets_received_total')).toBe(garbage.length + 1)
  await server.process.saying(/not HEP: bytes that begin like no HEP version \(is the sender set to HEP\?\)/, 2000)
  await server.process.saying(/not HEP: packet ends before its total length/, 2000)
})

test('survives a packet cut at every length', async ({ server, hep }) => {
  const call = new SipCall({ callId: freshName('cut') })
  const invite = encodeHep(call.invite())
  for (let length = 0; length < invite.length; length++) await hep.sendBytes(invite.subarray(0, length))
  await hep.sendBytes(invite)
  await expect.poll(async () => (await server.metrics()).sum('hepscope_events_total')).toBe(1)
  expect(rejected(await server.metrics())).toBe(invite.length)
  const health = await fetch(`${server.url}/health`)
  expect(await health.json()).toMatchObject({ status: 'ok' })
})

test('closes a TCP connection that speaks no HEP, and no other', async ({ stage, server }) => {
  const call = new SipCall({ callId: freshName('tcp') })
  const open = async () => {
    const socket = connect(server.tcpPort, '127.0.0.1')
    stage.atEnd(() => socket.destroy())
    await once(socket, 'connect')
    return socket
  }
  const good = await open()
  good.write(encodeHep(call.invite()))
  const bad = await open()
  const closed = once(bad, 'close')
  bad.resume().write('GET / HTTP/1.1\r\n\r\n')
  await closed

  const ringing = encodeHep(call.ringing())
  good.write(ringing.subarray(0, 7))
  good.write(ringing.subarray(7))
  await expect.poll(async () => (await server.metrics()).sum('hepscope_events_total')).toBe(2)
  const half = await open()
  half.end(encodeHep(call.answer()).subarray(0, 50))
  await expect.poll(async () => rejected(await server.metrics(), 'incomplete')).toBe(1)
  expect(rejected(await server.metrics(), 'bad-magic')).toBe(1)
  expect((await server.metrics()).sum('hepscope_connections')).toBe(1)
})

test('turns wrong requests away with a reason', async ({ server }) => {
  const login = (body: unknown) => postJson(server.url, '/api/v4/auth/sessions', body)
  expect(await login({ username: 'admin', password: 'wrong' })).toMatchObject({
    status: 401,
    body: { error: { detail: 'Invalid credentials' } },
  })
  expect(await login({ username: 'admin' })).toMatchObject({ status: 400 })
  expect(await login('{"username":')).toMatchObject({ status: 400, body: { error: { status: 400 } } })
  expect(await postJson(server.url, '/api/v4/transactions/search', {})).toMatchObject({ status: 401 })
  const stream = await fetch(`${server.url}/api/v4/stream/hep`)
  expect(stream.status).toBe(401)
  const api = await server.login()
  expect(await api.post('/api/v4/transactions/search', { filter: { src_port: 'x', nothing: 1 } })).toMatchObject({
    status: 400,
    body: {
      error: { errors: expect.arrayContaining([expect.objectContaining({ field: 'filter.src_port' })]) as unknown },
    },
  })
  expect(await api.post('/api/v4/nowhere', {})).toMatchObject({ status: 404 })
})
