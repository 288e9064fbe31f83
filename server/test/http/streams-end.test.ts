import { setTimeout as delay } from 'node:timers/promises'
import { SignJWT } from 'jose'
import { describe, expect, it } from 'vitest'
import type { WebSocket } from 'ws'
import { ApiTokenStore } from '../../src/auth/api-tokens.ts'
import { UserStore } from '../../src/auth/users.ts'
import { ask, bearer, closeOf, JWT_SECRET, login, openSocket, type TestServer, withServer } from './test-server.ts'

/** Longest time that a stream may go on without its right. */
const WITHIN_MS = 5000
const PASSWORD = 'correct horse'

interface Stage {
  readonly server: TestServer
  readonly admin: string
  readonly carol: string
}

async function stage(): Promise<Stage> {
  const server = await withServer()
  const admin = await login(server.url)
  const body = { username: 'carol', password: PASSWORD, user_group: 'admin' }
  await ask(server.url, 'post', '/api/v4/users', bearer(admin), body)
  return { server, admin, carol: await login(server.url, 'carol', PASSWORD) }
}

async function viewer({ url }: TestServer, token: string): Promise<WebSocket> {
  const socket = await openSocket(`${url}/api/v4/stream/hep?include_payload=1`, bearer(token))
  if (typeof socket === 'number') throw new Error(`refused with ${socket}`)
  return socket
}

/** A session of the first admin; the configuration knows whole hours only. */
function sessionUntil(end: Date): Promise<string> {
  return new SignJWT({ username: 'admin', admin: true, jti: 'brief' })
    .setProtectedHeader({ alg: 'HS256' })
    .setIssuer('homer-core')
    .setExpirationTime(end)
    .sign(new TextEncoder().encode(JWT_SECRET))
}

/** What ends the stream of carol, an admin; in another process means by other stores on the same directory. */
const CAUSES: readonly [string, (stage: Stage) => Promise<unknown>][] = [
  ['she logs out', ({ server, carol }) => ask(server.url, 'delete', '/api/v4/auth/sessions/current', bearer(carol))],
  ['she is removed', ({ server, admin }) => ask(server.url, 'delete', '/api/v4/users/carol', bearer(admin))],
  [
    'she is demoted',
    ({ server, admin }) => ask(server.url, 'patch', '/api/v4/users/carol', bearer(admin), { user_group: 'user' }),
  ],
  [
    'she is disabled',
    ({ server, admin }) => ask(server.url, 'patch', '/api/v4/users/carol', bearer(admin), { enabled: false }),
  ],
  [
    'she sets another password',
    ({ server, carol }) => ask(server.url, 'patch', '/api/v4/me', bearer(carol), { password: 'another horse' }),
  ],
  ['another process removes her', async ({ server }) => new UserStore(server.dataDir).remove('carol')],
  ['another process demotes her', ({ server }) => new UserStore(server.dataDir).change('carol', { admin: false })],
  [
    'another process sets her password',
    ({ server }) => new UserStore(server.dataDir).change('carol', { password: 'another horse' }),
  ],
]

describe('a running stream', () => {
  it.each(CAUSES)('ends with 4401 when %s, and no other does', async (_, act) => {
    const all = await stage()
    const [hers, other] = [await viewer(all.server, all.carol), await viewer(all.server, all.admin)]
    const closed = closeOf(hers)
    await act(all)
    const { code, afterMs } = await closed
    expect(code).toBe(4401)
    expect(afterMs).toBeLessThan(WITHIN_MS)
    expect(other.readyState).toBe(other.OPEN)
    expect(await openSocket(`${all.server.url}/api/v4/stream/hep`, bearer(all.carol))).toBe(401)
    other.terminate()
  })

  it.each([
    ['a session', (_: TestServer, at: Date) => sessionUntil(at)],
    [
      'an API token',
      async ({ dataDir }: TestServer, expiresAt: Date) =>
        new ApiTokenStore(dataDir).add({ name: 'brief', admin: true, createdBy: 'test', expiresAt }).text,
    ],
  ])('of %s ends with 4401 when it expires', async (_, makeToken) => {
    const server = await withServer()
    const end = new Date(Math.ceil(Date.now() / 1000) * 1000 + 2000)
    const { code } = await closeOf(await viewer(server, await makeToken(server, end)))
    expect(code).toBe(4401)
    expect(Date.now()).toBeGreaterThanOrEqual(end.getTime())
    expect(Date.now()).toBeLessThan(end.getTime() + WITHIN_MS)
  })

  it.each([
    [
      'removed',
      (server: TestServer, admin: string, id: string) =>
        ask(server.url, 'delete', `/api/v4/auth-tokens/${id}`, bearer(admin)),
    ],
    [
      'switched off',
      (server: TestServer, admin: string, id: string) =>
        ask(server.url, 'patch', `/api/v4/auth-tokens/${id}`, bearer(admin), { active: false }),
    ],
    [
      'removed by another process',
      async (server: TestServer, _: string, id: string) => new ApiTokenStore(server.dataDir).remove(id),
    ],
  ])('of an API token ends with 4401 when the token is %s', async (_, act) => {
    const { server, admin } = await stage()
    const made = await ask(server.url, 'post', '/api/v4/auth-tokens', bearer(admin), { name: 'probe' })
    const { token, guid } = made.data as { token: string; guid: string }
    const closed = closeOf(await viewer(server, token))
    await act(server, admin, guid)
    const { code, afterMs } = await closed
    expect(code).toBe(4401)
    expect(afterMs).toBeLessThan(WITHIN_MS)
  })

  it('goes on when another user is changed or a user gets more rights', async () => {
    const { server, admin } = await stage()
    await new UserStore(server.dataDir).add({ username: 'dave', password: PASSWORD, admin: false })
    const dave = await viewer(server, await login(server.url, 'dave', PASSWORD))
    await ask(server.url, 'patch', '/api/v4/users/dave', bearer(admin), { user_group: 'admin', email: 'd@example.com' })
    await ask(server.url, 'delete', '/api/v4/users/carol', bearer(admin))
    await delay(2500)
    expect(dave.readyState).toBe(dave.OPEN)
    dave.terminate()
  })
})
