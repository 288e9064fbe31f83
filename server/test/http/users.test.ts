import { beforeEach, describe, expect, it } from 'vitest'
import { ask, bearer, login, type TestServer, withServer } from './test-server.ts'

const PASSWORD = 'correct horse'
const USERS = '/api/v4/users'

let server: TestServer
let admin = ''
const asAdmin = (method: string, path: string, body?: unknown) => ask(server.url, method, path, bearer(admin), body)

beforeEach(async () => {
  server = await withServer()
  admin = await login(server.url)
})

describe('/api/v4/users', () => {
  it('keeps users, with the shapes of the original', async () => {
    const made = await asAdmin('post', USERS, {
      username: 'carol',
      email: 'carol@example.com',
      password: PASSWORD,
      user_group: 'user',
      name: 'Carol',
      firstname: 'ignored',
    })
    expect([made.status, made.data]).toEqual([201, 'carol'])
    const carol = {
      guid: 'carol',
      username: 'carol',
      name: 'Carol',
      email: 'carol@example.com',
      enabled: true,
      user_group: 'user',
      external_auth: false,
    }
    expect((await asAdmin('get', `${USERS}/carol`)).data).toEqual(carol)
    expect((await asAdmin('get', USERS)).data).toEqual({
      items: [expect.objectContaining({ username: 'admin', user_group: 'admin' }), carol],
    })
    expect((await asAdmin('patch', `${USERS}/carol`, { user_group: 'admin', name: '' })).data).toBe('carol')
    expect((await asAdmin('get', `${USERS}/carol`)).data).toEqual({ ...carol, user_group: 'admin', name: '' })
    expect((await asAdmin('delete', `${USERS}/carol`)).status).toBe(204)
    expect((await asAdmin('get', `${USERS}/carol`)).status).toBe(404)
  })

  it('keeps names that are special in addresses', async () => {
    for (const username of ['a/b', 'c d', 'é%?#', 'e@example.com']) {
      await asAdmin('post', USERS, { username, password: PASSWORD })
      expect((await asAdmin('get', `${USERS}/${encodeURIComponent(username)}`)).data).toMatchObject({ username })
    }
  })

  it.each([
    ['no name', { password: PASSWORD }, 'username'],
    ['a name that is taken', { username: 'admin', password: PASSWORD }, 'already'],
    ['a name with a line break', { username: 'a\nb', password: PASSWORD }, 'control'],
    ['a name that is a path', { username: '..', password: PASSWORD }, 'no spaces around it'],
    ['a short password', { username: 'carol', password: 'short' }, '8 are needed'],
    ['another group', { username: 'carol', password: PASSWORD, user_group: 'root' }, 'user_group'],
  ])('refuses %s, and says so', async (_, body, message) => {
    const { status, body: answer } = await asAdmin('post', USERS, body)
    expect(status).toBe(400)
    expect(JSON.stringify(answer)).toContain(message)
  })

  it('lets the last admin neither be removed, nor demoted, nor disabled', async () => {
    for (const change of [{ user_group: 'user' }, { enabled: false }]) {
      const { status, body } = await asAdmin('patch', `${USERS}/admin`, change)
      expect(status).toBe(400)
      expect(JSON.stringify(body)).toContain('last admin')
    }
    expect((await asAdmin('delete', `${USERS}/admin`)).status).toBe(400)
    await asAdmin('post', USERS, { username: 'dave', password: PASSWORD, user_group: 'admin', enabled: false })
    expect((await asAdmin('delete', `${USERS}/admin`)).status).toBe(400)
    await asAdmin('patch', `${USERS}/dave`, { enabled: true })
    expect((await asAdmin('delete', `${USERS}/admin`)).status).toBe(204)
  })

  it('lets users change themselves, but neither their rights nor others', async () => {
    await asAdmin('post', USERS, { username: 'carol', password: PASSWORD })
    const carol = bearer(await login(server.url, 'carol', PASSWORD))
    const as = (method: string, path: string, body?: unknown) => ask(server.url, method, path, carol, body)
    expect((await as('get', `${USERS}/carol`)).status).toBe(200)
    expect((await as('patch', `${USERS}/carol`, { name: 'C.' })).status).toBe(200)
    expect((await as('patch', '/api/v4/me', { email: 'c@example.com' })).data).toMatchObject({
      username: 'carol',
      display_name: 'C.',
      email: 'c@example.com',
      group: 'user',
    })
    for (const body of [{ user_group: 'admin' }, { enabled: true }, { name: 'x', user_group: 'admin' }]) {
      expect((await as('patch', `${USERS}/carol`, body)).status).toBe(403)
    }
    await as('patch', '/api/v4/me', { user_group: 'admin', admin: true, enabled: false })
    expect((await as('get', '/api/v4/me')).data).toMatchObject({ admin: false, display_name: 'C.' })
    expect((await as('get', `${USERS}/admin`)).status).toBe(403)
    expect((await as('patch', `${USERS}/admin`, { password: 'taken over' })).status).toBe(403)
    expect((await as('delete', `${USERS}/carol`)).status).toBe(403)
  })

  it('ends every session at a new password, and lets only the new one in', async () => {
    await asAdmin('post', USERS, { username: 'carol', password: PASSWORD })
    const first = bearer(await login(server.url, 'carol', PASSWORD))
    const second = bearer(await login(server.url, 'carol', PASSWORD))
    expect((await ask(server.url, 'patch', '/api/v4/me', first, { password: 'another horse' })).status).toBe(200)
    for (const headers of [first, second]) {
      expect((await ask(server.url, 'get', '/api/v4/me', headers)).status).toBe(401)
    }
    await expect(login(server.url, 'carol', PASSWORD)).rejects.toThrow('401')
    expect(await login(server.url, 'carol', 'another horse')).toBeTruthy()
  })

  it('lets nobody in by the name of a disabled user, nor by a session of a removed one of the same name', async () => {
    await asAdmin('post', USERS, { username: 'carol', password: PASSWORD })
    const carol = bearer(await login(server.url, 'carol', PASSWORD))
    await asAdmin('patch', `${USERS}/carol`, { enabled: false })
    await expect(login(server.url, 'carol', PASSWORD)).rejects.toThrow('401')
    await asAdmin('delete', `${USERS}/carol`)
    await asAdmin('post', USERS, { username: 'carol', password: PASSWORD })
    expect((await ask(server.url, 'get', '/api/v4/me', carol)).status).toBe(401)
  })
})

describe('POST /api/v4/auth/sessions', () => {
  it('gives a session and a cookie that scripts cannot read', async () => {
    const { status, data, headers } = await ask(
      server.url,
      'post',
      '/api/v4/auth/sessions',
      { 'x-forwarded-proto': 'https' },
      { username: 'admin', password: 'an admin password', remember: true },
    )
    expect([status, data]).toEqual([201, { token: expect.any(String), scope: 'admin', user: { admin: true } }])
    expect(headers.get('set-cookie')).toMatch(
      /^homer_session=[\w.-]+; Path=\/api\/v4; HttpOnly; SameSite=Lax; Secure; Max-Age=86400$/,
    )
  })

  it('checks no more than five wrong passwords a minute, however many come at once', async () => {
    const tries = await Promise.all(
      Array.from({ length: 20 }, (_, i) =>
        ask(server.url, 'post', '/api/v4/auth/sessions', {}, { username: 'admin', password: `guess ${i}` }),
      ),
    )
    expect(tries.filter(({ status }) => status === 401).length).toBe(5)
    expect(tries.filter(({ status }) => status === 429).length).toBe(15)
    const right = await ask(
      server.url,
      'post',
      '/api/v4/auth/sessions',
      {},
      { username: 'admin', password: 'an admin password' },
    )
    expect(right.status).toBe(429)
    expect(Number(right.headers.get('retry-after'))).toBeGreaterThan(0)
    const metrics = String((await ask(server.url, 'get', '/metrics')).body)
    expect(metrics).toContain('hepscope_logins_total{result="wrong"} 5')
    expect(metrics).toContain('hepscope_logins_total{result="limited"} 16')
    expect(metrics).toContain('hepscope_logins_total{result="password"} 1')
  })

  it('can be switched off, for passwords', async () => {
    const closed = await withServer({ auth: { disable_password_login: true } })
    const body = { username: 'admin', password: 'an admin password' }
    expect((await ask(closed.url, 'post', '/api/v4/auth/sessions', {}, body)).status).toBe(403)
    expect((await ask(closed.url, 'get', '/api/config')).data).toMatchObject({ login: { password: false } })
  })
})
