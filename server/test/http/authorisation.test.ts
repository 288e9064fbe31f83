import { once } from 'node:events'
import { SignJWT } from 'jose'
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest'
import { WebSocket } from 'ws'
import type { RouteTable } from '../../src/http/route-table.ts'
import {
  ask,
  bearer,
  type HeaderMap,
  JWT_SECRET,
  login,
  openServer,
  openSocket,
  type TestServer,
  withServer,
} from './test-server.ts'

/**
 * Who gets what from each route. Where a request would change something it is one that cannot succeed,
 * so 400 or 404 means: let in. Storage is off, so 503 from the search routes, and 404 from those of the node, mean the same.
 *
 * none      no credential
 * garbage   Authorization: Bearer nonsense
 * expired   a user's session of an hour ago
 * ended     a session that was logged out
 * removed   an API token that was removed
 * user      session of a user, by Authorization
 * cookie    the same by cookie, from our own page
 * foreign   the same by cookie, from a page of another origin
 * admin     session of an admin, by Authorization
 * token     API token with a user's rights, by Auth-Token
 * adminTok  API token with an admin's rights, by Authorization
 */
const COLUMNS = 'none garbage expired ended removed user cookie foreign admin token adminTok'
const APP = `
get    /health                          200 200 200 200 200 200 200 200 200 200 200
get    /metrics                         200 200 200 200 200 200 200 200 200 200 200
get    /api/config                      200 200 200 200 200 200 200 200 200 200 200
get    /api/v4/health                   200 200 200 200 200 200 200 200 200 200 200
get    /api/v4/openapi.json             200 200 200 200 200 200 200 200 200 200 200
get    /api/v4/auth/providers           200 200 200 200 200 200 200 200 200 200 200
post   /api/v4/auth/sessions            400 400 400 400 400 400 400 400 400 400 400
get    /api/v4/auth/oidc/login          404 404 404 404 404 404 404 404 404 404 404
get    /api/v4/auth/oidc/callback       404 404 404 404 404 404 404 404 404 404 404
delete /api/v4/auth/sessions/:id        401 401 401 401 401 400 400 403 400 400 400
get    /api/v4/me                       401 401 401 401 401 200 200 200 200 200 200
patch  /api/v4/me                       401 401 401 401 401 400 400 403 400 403 403
get    /api/v4/stats                    401 401 401 401 401 200 200 200 200 200 200
post   /api/v4/transactions/search      401 401 401 401 401 503 503 403 503 503 503
post   /api/v4/transactions/messages    401 401 401 401 401 503 503 403 503 503 503
post   /api/v4/transactions/calls       401 401 401 401 401 503 503 403 503 503 503
post   /api/v4/transactions/qos                 401 401 401 401 401 503 503 403 503 503 503
post   /api/v4/transactions/callinfo            401 401 401 401 401 503 503 403 503 503 503
post   /api/v4/transactions/export/text         401 401 401 401 401 503 503 403 503 503 503
post   /api/v4/transactions/export/pcap         401 401 401 401 401 503 503 403 503 503 503
post   /api/v4/transactions/export/ndjson       401 401 401 401 401 503 503 403 503 503 503
post   /api/v4/transactions/export/sipp         401 401 401 401 401 503 503 403 503 503 503
post   /api/v4/query                    401 401 401 401 401 403 403 403 503 403 503
post   /api/v4/imports/pcap             401 401 401 401 401 403 403 403 400 403 400
get    /api/v4/samples                  401 401 401 401 401 200 200 200 200 200 200
post   /api/v4/samples                  401 401 401 401 401 403 403 403 400 403 400
get    /api/v4/users                    401 401 401 401 401 403 403 403 200 403 200
post   /api/v4/users                    401 401 401 401 401 403 403 403 400 403 400
get    /api/v4/users/:id                401 401 401 401 401 403 403 403 404 403 404
patch  /api/v4/users/:id                401 401 401 401 401 403 403 403 404 403 404
delete /api/v4/users/:id                401 401 401 401 401 403 403 403 404 403 404
get    /api/v4/auth-tokens              401 401 401 401 401 403 403 403 200 403 200
post   /api/v4/auth-tokens              401 401 401 401 401 403 403 403 400 403 400
get    /api/v4/auth-tokens/:id          401 401 401 401 401 403 403 403 404 403 404
patch  /api/v4/auth-tokens/:id          401 401 401 401 401 403 403 403 404 403 404
delete /api/v4/auth-tokens/:id          401 401 401 401 401 403 403 403 404 403 404
get    /api/v4/capture                  401 401 401 401 401 200 200 200 200 200 200
post   /api/v4/capture/check            401 401 401 401 401 403 403 403 200 403 200
get    /api/v4/stream/status            401 401 401 401 401 403 403 403 200 403 200
get    /api/v4/stream/hep               401 401 401 401 401 426 426 426 426 426 426
ws     /api/v4/stream/hep               401 401 401 401 401 101 101 403 101 101 101
query  /api/v4/stream/hep               401 401 401 401 401 101 101 403 101 101 101
`
const NODE = `
get    /health                          200 200 200 200 200 200 200 200 200 200 200
get    /metrics                         200 200 200 200 200 200 200 200 200 200 200
get    /stream                          426 426 426 426 426 426 426 426 426 426 426
ws     /stream                          101 101 101 101 101 101 101 101 101 101 101
post   /store/search                    404 404 404 404 404 404 404 404 404 404 404
post   /store/messages                  404 404 404 404 404 404 404 404 404 404 404
post   /store/calls                     404 404 404 404 404 404 404 404 404 404 404
`
/** Bodies that cannot succeed; all others send none. */
const BODIES: Readonly<Record<string, unknown>> = {
  'post /api/v4/auth/sessions': {},
  'patch /api/v4/me': { password: 5 },
  'post /api/v4/samples': { calls: 0 },
  'post /api/v4/users': {},
  'post /api/v4/auth-tokens': {},
  'patch /api/v4/users/:id': {},
  'patch /api/v4/auth-tokens/:id': {},
  'post /store/search': {},
  'post /store/messages': { session_id: 'a' },
  'post /store/calls': {},
  'post /api/v4/transactions/search': {},
  'post /api/v4/transactions/messages': { session_id: 'a' },
  'post /api/v4/transactions/calls': {},
  ...Object.fromEntries(
    ['qos', 'callinfo', 'export/text', 'export/pcap', 'export/ndjson', 'export/sipp'].map((name) => [
      `post /api/v4/transactions/${name}`,
      { session_id: 'a' },
    ]),
  ),
}

interface Row {
  /** `ws` opens a WebSocket; `query` does so with the credential in `?access_token=`, cookies aside. */
  readonly method: string
  readonly path: string
  readonly expected: readonly number[]
}

function rowsOf(table: string): Row[] {
  return table
    .trim()
    .split('\n')
    .map((line) => line.split(/\s+/))
    .map(([method = '', path = '', ...statuses]) => ({ method, path, expected: statuses.map(Number) }))
}

function routesOf(tables: readonly RouteTable[]): string[] {
  return tables.flatMap(({ router }) =>
    router.stack.flatMap(({ methods, path }) =>
      methods.filter((method) => method !== 'HEAD').map((method) => `${method.toLowerCase()} ${String(path)}`),
    ),
  )
}

const isRoute = ({ method }: Row): boolean => method !== 'ws' && method !== 'query'
const columns = COLUMNS.split(' ')
let server: TestServer
const credentials = new Map<string, HeaderMap>()

beforeAll(async () => {
  server = await openServer()
  const { url } = server
  const admin = await login(url)
  await ask(url, 'post', '/api/v4/users', bearer(admin), { username: 'carol', password: 'correct horse' })
  const user = await login(url, 'carol', 'correct horse')
  const ended = await login(url)
  await ask(url, 'delete', '/api/v4/auth/sessions/current', bearer(ended))
  const makeToken = async (name: string, user_group: string) =>
    (await ask(url, 'post', '/api/v4/auth-tokens', bearer(admin), { name, user_group })).data as {
      token: string
      guid: string
    }
  const removed = await makeToken('removed', 'admin')
  await ask(url, 'delete', `/api/v4/auth-tokens/${removed.guid}`, bearer(admin))
  const nowSeconds = Math.floor(Date.now() / 1000)
  const expired = await new SignJWT({ username: 'admin', admin: true, jti: 'expired' })
    .setProtectedHeader({ alg: 'HS256' })
    .setIssuer('homer-core')
    .setIssuedAt(nowSeconds - 7200)
    .setExpirationTime(nowSeconds - 3600)
    .sign(new TextEncoder().encode(JWT_SECRET))
  const all: Record<string, HeaderMap> = {
    none: {},
    garbage: bearer('nonsense'),
    expired: bearer(expired),
    ended: bearer(ended),
    removed: bearer(removed.token),
    user: bearer(user),
    cookie: { cookie: `homer_session=${user}`, origin: url },
    foreign: { cookie: `homer_session=${user}`, origin: 'https://elsewhere.example' },
    admin: bearer(admin),
    token: { 'auth-token': (await makeToken('reader', 'user')).token },
    adminTok: bearer((await makeToken('keeper', 'admin')).token),
  }
  for (const [name, headers] of Object.entries(all)) credentials.set(name, headers)
})
afterAll(() => server.close())

describe('the authorisation matrix', () => {
  it('has a line for every route of both ports, and none for another', () => {
    const linesOf = (table: string) =>
      rowsOf(table)
        .filter(isRoute)
        .map(({ method, path }) => `${method} ${path}`)
    expect(linesOf(APP).sort()).toEqual(routesOf(server.server.api.app).sort())
    expect(linesOf(NODE).sort()).toEqual(routesOf(server.server.api.node).sort())
    expect([...credentials.keys()]).toEqual(columns)
  })

  it.each(rowsOf(APP))('app: $method $path', async (row) => {
    expect(await statusesOf(server.url, row)).toEqual(tabled(row.expected))
  })

  it('finds no status that the document of the API does not name', async () => {
    const { paths } = (await ask(server.url, 'get', '/api/v4/openapi.json')).body as {
      paths: Record<string, Record<string, { responses: object }>>
    }
    for (const { method, path, expected } of [...rowsOf(APP), ...rowsOf(NODE)]) {
      const operation = paths[path.replace(':id', '{id}')]?.[method === 'ws' || method === 'query' ? 'get' : method]
      const named = Object.keys(operation?.responses ?? {}).map(Number)
      expect({ path, unnamed: expected.filter((status) => !named.includes(status)) }).toEqual({ path, unnamed: [] })
    }
  })

  it.each(rowsOf(NODE))('node: $method $path', async (row) => {
    expect(await statusesOf(server.nodeUrl, row)).toEqual(tabled(row.expected))
  })

  it('takes a token from the query string for the stream alone', async () => {
    const token = await login(server.url)
    expect((await ask(server.url, 'get', `/api/v4/me?access_token=${token}`)).status).toBe(401)
    expect((await ask(server.url, 'get', `/api/v4/stream/hep?access_token=${token}`)).status).toBe(401)
  })

  it('lets a good token win over a stale cookie, and a good cookie over a stale token', async () => {
    const stale = credentials.get('ended')?.authorization ?? ''
    const good = credentials.get('user')?.authorization ?? ''
    const cookie = (authorization: string): HeaderMap => ({ cookie: `homer_session=${authorization.slice(7)}` })
    const me = async (headers: HeaderMap) => (await ask(server.url, 'get', '/api/v4/me', headers)).status
    expect(await me({ authorization: good, ...cookie(stale) })).toBe(200)
    expect(await me({ authorization: stale, ...cookie(good) })).toBe(200)
  })

  it('gives payloads of the stream to admins alone', async () => {
    const applied: Record<string, unknown> = {}
    for (const name of ['user', 'cookie', 'admin', 'token', 'adminTok']) {
      const address = `${server.url}/api/v4/stream/hep?include_payload=1&control=1`.replace('http', 'ws')
      const socket = new WebSocket(address, { headers: { ...credentials.get(name) } })
      const [hello] = (await once(socket, 'message')) as [Buffer]
      applied[name] = (JSON.parse(hello.toString()) as { payload: unknown }).payload
      socket.terminate()
    }
    expect(applied).toEqual({ user: false, cookie: false, admin: true, token: false, adminTok: true })
  })
})

describe('the token of a node', () => {
  it.each([
    ['the right one', 'right', true, 404],
    ['another', 'wrong', true, 401],
    ['none, on this machine', undefined, true, 404],
    ['none, where this machine needs one too', undefined, false, 401],
  ])('lets a coordinator ask for stored rows: %s', async (_, token, loopbackExempt, expected) => {
    const node = { name: 'test', listen: '127.0.0.1:0', token: 'right', loopback_exempt: loopbackExempt }
    const own = await openServer({}, { node })
    onTestFinished(own.close)
    const headers = token === undefined ? {} : bearer(token)
    for (const kind of ['search', 'messages']) {
      expect((await ask(own.nodeUrl, 'post', `/store/${kind}`, headers, { session_id: 'a' })).status).toBe(expected)
      expect((await ask(own.url, 'post', `/store/${kind}`, headers, {})).status).toBe(404)
    }
    const user = await login(own.url)
    expect((await ask(own.nodeUrl, 'post', '/store/search', bearer(user), {})).status).toBe(401)
  })
})

describe('a cookie', () => {
  it.each([
    ['a page of our own', (url: string) => ({ origin: url }), 204, true],
    ['a trusted page', () => ({ origin: 'https://portal.example' }), 204, true],
    ['a program, which names no page', () => ({}), 204, true],
    ['a page of ours that is named by Referer alone', (url: string) => ({ referer: `${url}/live` }), 204, true],
    ['another page', () => ({ origin: 'https://elsewhere.example' }), 403, false],
    ['another port', () => ({ origin: 'http://127.0.0.1:1' }), 403, false],
    ['a page without an origin', () => ({ origin: 'null' }), 403, false],
    ['another page that is named by Referer alone', () => ({ referer: 'https://elsewhere.example/a' }), 403, false],
    ['a name that begins with a trusted one', () => ({ origin: 'https://portal.example.evil.example' }), 403, false],
  ])('from %s', async (_, headersOf, expected, opens) => {
    const own = await withServer({ jwt: { cookie_trusted_origins: ['https://portal.example'] } })
    const headers = { cookie: `homer_session=${await login(own.url)}`, ...headersOf(own.url) }
    expect(await socketStatus(`${own.url}/api/v4/stream/hep`, headers)).toBe(opens ? 101 : 403)
    expect((await ask(own.url, 'delete', '/api/v4/auth/sessions/current', headers)).status).toBe(expected)
  })
})

function tabled(statuses: readonly number[]): Record<string, number | undefined> {
  return Object.fromEntries(columns.map((column, i) => [column, statuses[i]]))
}

async function statusesOf(url: string, { method, path }: Row): Promise<Record<string, number | undefined>> {
  const statuses: number[] = []
  for (const column of columns) {
    const headers = credentials.get(column) ?? {}
    statuses.push(await statusOf(url, method, path, headers))
  }
  return tabled(statuses)
}

async function statusOf(url: string, method: string, path: string, headers: HeaderMap): Promise<number> {
  if (method === 'ws') return socketStatus(`${url}${path}`, headers)
  if (method === 'query') {
    const { cookie, origin, ...rest } = headers
    const token = Object.values(rest)[0]?.replace('Bearer ', '')
    const query = token === undefined ? '' : `?access_token=${token}`
    return socketStatus(`${url}${path}${query}`, { ...(cookie && { cookie }), ...(origin && { origin }) })
  }
  return (await ask(url, method, path.replace(':id', 'nobody'), headers, BODIES[`${method} ${path}`])).status
}

async function socketStatus(url: string, headers: HeaderMap): Promise<number> {
  const socket = await openSocket(url, headers)
  if (!(socket instanceof WebSocket)) return socket
  socket.terminate()
  return 101
}
