import { describe, expect, it } from 'vitest'
import { UserStore } from '../../src/auth/users.ts'
import { openProvider, type OpenIdProvider, type Person } from './openid-provider.ts'
import { ask, login as passwordLogin, openSocket, type TestServer, withServer, bearer, closeOf } from './test-server.ts'

const CALLBACK = '/api/v4/auth/oidc/callback'
const LOGIN = '/api/v4/auth/oidc/login'
const CAROL: Person = { sub: '7', preferred_username: 'carol', email: 'carol@example.com', name: 'Carol' }

interface Stage {
  readonly server: TestServer
  readonly provider: OpenIdProvider
}

/** The server takes any port, so its address in `redirect_url` is made up: browsers of tests put it right. */
const REDIRECT = `http://127.0.0.1:8081${CALLBACK}`

async function stage(oidc: object = {}, clientAuth?: Parameters<typeof openProvider>[1]): Promise<Stage> {
  const provider = await openProvider(() => REDIRECT, clientAuth)
  const secret = clientAuth === 'none' ? '' : 'a secret of the client'
  const server = await withServer({
    oidc: {
      issuer: provider.issuer,
      client_id: 'hepscope',
      client_secret: secret,
      redirect_url: REDIRECT,
      scopes: ['openid', 'profile', 'email', 'groups'],
      ...oidc,
    },
  })
  return { server, provider }
}

/** Cookies that an answer sets, as a browser would send them. */
function cookiesOf(headers: Headers): string {
  return headers
    .getSetCookie()
    .map((cookie) => cookie.split(';')[0] ?? '')
    .filter((pair) => !pair.endsWith('='))
    .join('; ')
}

/** Begin a login: where the browser is sent, and the cookie that it keeps. */
async function begin({ server }: Stage, returnTo = '/'): Promise<{ url: string; cookie: string }> {
  const { status, headers } = await ask(server.url, 'get', `${LOGIN}?return_to=${encodeURIComponent(returnTo)}`)
  expect(status).toBe(302)
  return { url: headers.get('location') ?? '', cookie: cookiesOf(headers) }
}

/** Come back from the provider. */
function comeBack({ server }: Stage, url: string, cookie: string) {
  const { pathname, search } = new URL(url)
  return ask(server.url, 'get', `${pathname}${search}`, { cookie })
}

/** A whole login; the headers of the last answer. */
async function loginAs(all: Stage, person: Person, returnTo = '/'): Promise<Headers> {
  const { url, cookie } = await begin(all, returnTo)
  return (await comeBack(all, await all.provider.pass(url, person), cookie)).headers
}

const me = ({ server }: Stage, headers: Headers) => ask(server.url, 'get', '/api/v4/me', { cookie: cookiesOf(headers) })

describe('login by OIDC', () => {
  it('makes a user at the first login and begins a session', async () => {
    const all = await stage()
    const first = await loginAs(all, CAROL, '/live?q=method:INVITE')
    expect(first.get('location')).toBe('/live?q=method:INVITE')
    expect(first.getSetCookie()).toEqual(
      expect.arrayContaining([
        expect.stringMatching(/^homer_session=[\w.-]+; Path=\/api\/v4; HttpOnly; SameSite=Lax$/),
      ]),
    )
    expect((await me(all, first)).data).toMatchObject({
      username: 'carol',
      display_name: 'Carol',
      email: 'carol@example.com',
      admin: false,
      external_auth: true,
    })
    await loginAs(all, { ...CAROL, preferred_username: 'renamed', name: 'Carol C.' })
    const users = new UserStore(all.server.dataDir).list.map(({ username, name }) => `${username} ${name}`)
    expect(users).toEqual(['admin ', 'carol Carol C.'])
    const metrics = String((await ask(all.server.url, 'get', '/metrics')).body)
    expect(metrics).toContain('hepscope_logins_total{result="oidc"} 2')
  })

  it('asks with code, PKCE, state and nonce', async () => {
    const all = await stage()
    const asked = new URL((await begin(all)).url).searchParams
    expect(Object.fromEntries(asked)).toMatchObject({
      response_type: 'code',
      client_id: 'hepscope',
      redirect_uri: REDIRECT,
      scope: 'openid profile email groups',
      code_challenge_method: 'S256',
    })
    for (const name of ['state', 'nonce', 'code_challenge']) expect(asked.get(name)?.length).toBeGreaterThan(20)
  })

  it.each(['client_secret_post', 'none'] as const)(
    'works with a client that shows its secret by %s',
    async (method) => {
      const all = await stage(method === 'none' ? {} : { client_auth: 'post' }, method)
      expect((await me(all, await loginAs(all, CAROL))).status).toBe(200)
    },
  )

  it('makes admins of those whose claim says so, and takes it away with their sessions when it does not any more', async () => {
    const all = await stage({ admin_claim: 'groups', admin_values: ['voip-admins'] })
    const asAdmin = await loginAs(all, { ...CAROL, groups: ['staff', 'voip-admins'] })
    expect((await me(all, asAdmin)).data).toMatchObject({ admin: true, group: 'admin' })
    const socket = await openSocket(`${all.server.url}/api/v4/stream/hep`, { cookie: cookiesOf(asAdmin) })
    if (typeof socket === 'number') throw new Error(`refused with ${socket}`)
    const closed = closeOf(socket)
    const later = await loginAs(all, { ...CAROL, groups: ['staff'] })
    expect((await me(all, later)).data).toMatchObject({ admin: false })
    expect((await me(all, asAdmin)).status).toBe(401)
    expect((await closed).code).toBe(4401)
  })

  it('lets in only those whose claim says so, where the configuration asks for it', async () => {
    const all = await stage({ login_claim: 'groups', login_values: ['voip'] })
    const refused = await loginAs(all, { ...CAROL, groups: ['sales'] })
    expect(refused.get('location')).toBe('/?oauth_error=not_allowed')
    expect(new UserStore(all.server.dataDir).find('carol')).toBeUndefined()
    expect((await me(all, await loginAs(all, { ...CAROL, groups: ['voip'] }))).status).toBe(200)
  })

  it('does not make a stranger the user of the same name', async () => {
    const all = await stage()
    const headers = await loginAs(all, { sub: '666', preferred_username: 'admin' })
    expect(headers.get('location')).toBe('/?oauth_error=name')
    expect(cookiesOf(headers)).toBe('')
    expect(new UserStore(all.server.dataDir).find('admin')?.isExternal).toBe(false)
  })

  it('lets no disabled user in, and gives no password to one of the provider', async () => {
    const all = await stage()
    await loginAs(all, CAROL)
    const admin = bearer(await passwordLogin(all.server.url))
    const change = (body: object) => ask(all.server.url, 'patch', '/api/v4/users/carol', admin, body)
    expect((await change({ password: 'correct horse' })).status).toBe(400)
    await change({ enabled: false })
    expect((await loginAs(all, CAROL)).get('location')).toBe('/?oauth_error=not_allowed')
  })

  it('says so when the person says no', async () => {
    const all = await stage()
    const { url, cookie } = await begin(all)
    const { headers } = await comeBack(all, await all.provider.refuse(url), cookie)
    expect(headers.get('location')).toBe('/?oauth_error=denied')
  })

  it('refuses an answer that this browser did not ask for, or that it brings twice', async () => {
    const all = await stage()
    const mine = await begin(all)
    const theirs = await begin(all)
    const answer = await all.provider.pass(theirs.url, CAROL)
    const why = async (url: string, cookie: string) => (await comeBack(all, url, cookie)).headers.get('location')
    expect(await why(answer, '')).toBe('/?oauth_error=stale')
    expect(await why(answer, 'hepscope_oidc=nonsense')).toBe('/?oauth_error=stale')
    expect(await why(answer, mine.cookie)).toBe('/?oauth_error=provider')
    expect(await why(answer, theirs.cookie)).toBe('/')
    expect(await why(answer, theirs.cookie)).toBe('/?oauth_error=provider')
    expect(await why(answer.replace(/code=[^&]*/, 'code=other'), theirs.cookie)).toBe('/?oauth_error=provider')
  })

  it('does not take the name of the first admin, even where it is free', async () => {
    const all = await stage()
    const users = new UserStore(all.server.dataDir)
    await users.add({ username: 'boss', password: 'correct horse', admin: true })
    users.remove('admin')
    const headers = await loginAs(all, { sub: '666', preferred_username: 'admin' })
    expect(headers.get('location')).toBe('/?oauth_error=name')
  })

  it.each([
    `/${'a'.repeat(5000)}`,
    'https://evil.example/',
    '//evil.example',
    '/\\evil.example',
    '/..//evil.example',
    'live',
  ])('comes back to our own pages and not to %s', async (returnTo) => {
    const all = await stage()
    expect((await loginAs(all, CAROL, returnTo)).get('location')).toBe('/')
  })

  it('is offered by the configuration of the page, and not where it is off', async () => {
    const { server } = await stage({ label: 'Example Inc.' })
    expect((await ask(server.url, 'get', '/api/config')).data).toMatchObject({
      login: { password: true, oidc: { label: 'Example Inc.', url: LOGIN } },
    })
    expect((await ask(server.url, 'get', '/api/v4/auth/providers')).data).toMatchObject({
      oauth2: [{ name: 'oidc', provider_name: 'Example Inc.', url: LOGIN }],
    })
    const off = await withServer()
    expect((await ask(off.url, 'get', '/api/config')).data).toMatchObject({ login: { password: true } })
    expect((await ask(off.url, 'get', '/api/v4/auth/providers')).data).toMatchObject({ oauth2: [] })
  })

  it('tells the page when the provider does not answer, and starts without it', async () => {
    const server = await withServer({
      oidc: { issuer: 'http://127.0.0.1:9', client_id: 'hepscope', redirect_url: REDIRECT },
    })
    for (let i = 0; i < 2; i++) {
      const { status, headers } = await ask(server.url, 'get', LOGIN)
      expect([status, headers.get('location')]).toEqual([302, '/?oauth_error=provider'])
    }
    expect(server.logged()).toContain('login by OIDC failed')
  })
})
