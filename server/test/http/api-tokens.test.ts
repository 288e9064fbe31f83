import { readFileSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { beforeEach, describe, expect, it } from 'vitest'
import { ask, bearer, login, openServer, openSocket, type TestServer, withServer } from './test-server.ts'

const TOKENS = '/api/v4/auth-tokens'
const DAY_MS = 24 * 3600 * 1000

interface Made {
  readonly token: string
  readonly guid: string
}

let server: TestServer
let admin = ''
const asAdmin = (method: string, path: string, body?: unknown) => ask(server.url, method, path, bearer(admin), body)
const make = async (body: object): Promise<Made> => (await asAdmin('post', TOKENS, body)).data as Made
const me = async (headers: Readonly<Record<string, string>>) => ask(server.url, 'get', '/api/v4/me', headers)

beforeEach(async () => {
  server = await withServer()
  admin = await login(server.url)
})

describe('/api/v4/auth-tokens', () => {
  it('shows a token once, and afterwards who made it and when it was used', async () => {
    const { token, guid } = await make({ name: 'grafana' })
    expect(token).toMatch(/^hepscope_[0-9a-f]{12}_[\w-]{43}$/)
    const { data: before } = await asAdmin('get', `${TOKENS}/${guid}`)
    expect(before).toEqual({
      guid,
      creator_guid: 'admin',
      name: 'grafana',
      user_object: { username: 'grafana', user_group: 'user' },
      create_date: expect.any(String),
      expire_date: expect.any(String),
      usage_calls: 0,
      limit_calls: 0,
      active: true,
    })
    const lifeMs = Date.parse((before as { expire_date: string }).expire_date) - Date.now()
    expect(lifeMs / DAY_MS).toBeCloseTo(365, 1)
    expect((await me(bearer(token))).data).toMatchObject({ username: 'grafana', admin: false })
    await me(bearer(token))
    const { data: list } = await asAdmin('get', TOKENS)
    expect(list).toMatchObject({ items: [{ guid, usage_calls: 2, lastusage_date: expect.any(String) }] })
    expect(JSON.stringify(list)).not.toContain(token.slice(-43))
  })

  it('keeps no token in clear, in any file of the data directory', async () => {
    const { token } = await make({ name: 'secret' })
    await me(bearer(token))
    await server.close()
    const files = readdirSync(server.dataDir).filter((name) => name.endsWith('.json'))
    expect(files).toEqual(expect.arrayContaining(['api-tokens.json', 'api-token-usage.json', 'users.json']))
    for (const name of files) expect(readFileSync(join(server.dataDir, name), 'utf8')).not.toContain(token.slice(-43))
  })

  it('takes a token by Authorization, by the header for tokens, and by the query string of the stream', async () => {
    const { token } = await make({ name: 'probe', user_group: 'admin' })
    for (const headers of [bearer(token), { 'auth-token': token }]) {
      expect((await me(headers)).data).toMatchObject({ admin: true, group: 'admin' })
    }
    const socket = await openSocket(`${server.url}/api/v4/stream/hep?access_token=${token}`)
    expect(socket).not.toBeTypeOf('number')
    if (typeof socket !== 'number') socket.terminate()
  })

  it('takes it nowhere else: not as a cookie, not with a letter changed, not cut short', async () => {
    const { token } = await make({ name: 'probe' })
    const other = token.endsWith('A') ? 'B' : 'A'
    expect((await me({ cookie: `homer_session=${token}` })).status).toBe(401)
    expect((await me(bearer(token.slice(0, -1) + other))).status).toBe(401)
    expect((await me(bearer(token.slice(0, -1)))).status).toBe(401)
    expect((await me(bearer(token))).status).toBe(200)
  })

  it('can be switched off, limited, renamed, and given another end', async () => {
    const { token, guid } = await make({ name: 'probe', limit_calls: 2, expire_date: 'never' })
    expect((await asAdmin('get', `${TOKENS}/${guid}`)).data).not.toHaveProperty('expire_date')
    const statuses = []
    for (let i = 0; i < 3; i++) statuses.push((await me(bearer(token))).status)
    expect(statuses).toEqual([200, 200, 401])
    await asAdmin('patch', `${TOKENS}/${guid}`, { limit_calls: 0, name: 'other', expire_date: '2999-01-01' })
    expect((await me(bearer(token))).data).toMatchObject({ username: 'other' })
    expect((await asAdmin('get', `${TOKENS}/${guid}`)).data).toMatchObject({ expire_date: '2999-01-01T00:00:00.000Z' })
    await asAdmin('patch', `${TOKENS}/${guid}`, { active: false })
    expect((await me(bearer(token))).status).toBe(401)
  })

  it.each([
    ['no name', {}, 'name'],
    ['a name that is taken', { name: 'taken' }, 'already'],
    ['an end in the past', { name: 'a', expire_date: '2001-01-01' }, 'expired'],
    ['an end that is no time', { name: 'a', expire_date: 'soon' }, 'ISO'],
    ['a limit below zero', { name: 'a', limit_calls: -1 }, 'limit_calls'],
  ])('refuses %s, and says so', async (_, body, message) => {
    await make({ name: 'taken' })
    const { status, body: answer } = await asAdmin('post', TOKENS, body)
    expect(status).toBe(400)
    expect(JSON.stringify(answer)).toContain(message)
  })

  it('keeps the count of uses over a restart', async () => {
    const first = await openServer()
    const headers = bearer(await login(first.url))
    const { token, guid } = (await ask(first.url, 'post', TOKENS, headers, { name: 'probe' })).data as Made
    await ask(first.url, 'get', '/api/v4/me', bearer(token))
    await first.close()
    const second = await openServer({}, { data_dir: first.dataDir })
    const again = bearer(await login(second.url))
    const { data } = await ask(second.url, 'get', `${TOKENS}/${guid}`, again)
    await second.close()
    expect(data).toMatchObject({ usage_calls: 1, lastusage_date: expect.any(String) })
  })

  it('counts for nothing where API tokens are switched off', async () => {
    const closed = await withServer({ api_settings: { enable_token_access: false } })
    const headers = bearer(await login(closed.url))
    const { token } = (await ask(closed.url, 'post', TOKENS, headers, { name: 'probe' })).data as Made
    expect((await ask(closed.url, 'get', '/api/v4/me', bearer(token))).status).toBe(401)
  })

  it('may have another header', async () => {
    const other = await withServer({ api_settings: { auth_token_header: 'X-API-Key' } })
    const headers = bearer(await login(other.url))
    const { token } = (await ask(other.url, 'post', TOKENS, headers, { name: 'probe' })).data as Made
    expect((await ask(other.url, 'get', '/api/v4/me', { 'x-api-key': token })).status).toBe(200)
    expect((await ask(other.url, 'get', '/api/v4/me', { 'auth-token': token })).status).toBe(401)
  })
})

describe('the log', () => {
  it('has who did what, and no credential at any level', async () => {
    const { token, guid } = await make({ name: 'probe', user_group: 'admin' })
    const socket = await openSocket(`${server.url}/api/v4/stream/hep?access_token=${token}`)
    if (typeof socket !== 'number') socket.terminate()
    await ask(server.url, 'get', `/nothing?access_token=${admin}`)
    await asAdmin('delete', `${TOKENS}/${guid}`)
    const logged = server.logged()
    expect(logged).toMatch(/API token made.*probe/)
    expect(logged).toMatch(/API token removed/)
    expect(logged).not.toContain(token.slice(-43))
    expect(logged).not.toContain(admin)
    expect(logged).not.toContain('an admin password')
  })
})
