import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Route } from '../../src/http/route-table.ts'
import { ADMIN_PASSWORD, ask, bearer, login, openServer, type TestServer } from './test-server.ts'

type Json = Readonly<Record<string, unknown>>

let server: TestServer
let admin = ''
let document: { openapi: string; paths: Record<string, Record<string, Json>>; components: Json }

beforeAll(async () => {
  server = await openServer({ oidc: OIDC })
  admin = await login(server.url)
  document = (await ask(server.url, 'get', '/api/v4/openapi.json')).body as typeof document
})
afterAll(() => server.close())

/** Nobody answers there. */
const OIDC = {
  issuer: 'http://127.0.0.1:9',
  client_id: 'hepscope',
  redirect_url: 'http://127.0.0.1:8081/api/v4/auth/oidc/callback',
}

/** Requests that succeed, in this order, by route; `GUID` stands for the id of the API token made before. */
const REQUESTS: readonly { route: string; path?: string; body?: unknown; status?: number }[] = [
  { route: 'get /health' },
  { route: 'get /api/v4/health' },
  { route: 'get /api/config' },
  { route: 'get /api/v4/openapi.json' },
  { route: 'get /api/v4/auth/providers' },
  { route: 'post /api/v4/auth/sessions', body: { username: 'admin', password: ADMIN_PASSWORD }, status: 201 },
  { route: 'get /api/v4/me' },
  { route: 'patch /api/v4/me', body: { name: 'The Admin', email: 'admin@example.com' } },
  { route: 'post /api/v4/users', body: { username: 'carol', password: 'correct horse' }, status: 201 },
  { route: 'get /api/v4/users' },
  { route: 'get /api/v4/users/:id', path: '/api/v4/users/carol' },
  { route: 'patch /api/v4/users/:id', path: '/api/v4/users/carol', body: { enabled: false, user_group: 'admin' } },
  { route: 'delete /api/v4/users/:id', path: '/api/v4/users/carol', status: 204 },
  { route: 'post /api/v4/auth-tokens', body: { name: 'probe' }, status: 201 },
  { route: 'get /api/v4/auth-tokens' },
  { route: 'get /api/v4/auth-tokens/:id', path: '/api/v4/auth-tokens/GUID' },
  { route: 'patch /api/v4/auth-tokens/:id', path: '/api/v4/auth-tokens/GUID', body: { active: false } },
  { route: 'delete /api/v4/auth-tokens/:id', path: '/api/v4/auth-tokens/GUID', status: 204 },
  { route: 'get /api/v4/stats' },
  { route: 'get /api/v4/samples' },
  { route: 'get /api/v4/stream/status' },
  { route: 'get /api/v4/capture' },
  { route: 'post /api/v4/capture/check' },
]
/** Answered by what is not there in this test: a store, a WebSocket, traffic, a provider; other tests have them. */
const ELSEWHERE = [
  'post /api/v4/transactions/search',
  'post /api/v4/transactions/messages',
  'post /api/v4/transactions/calls',
  'post /api/v4/transactions/qos',
  'post /api/v4/transactions/callinfo',
  'post /store/search',
  'post /store/messages',
  'post /store/calls',
  'post /api/v4/imports/pcap',
  'post /api/v4/query',
  'post /api/v4/samples',
]

function routes(): Route[] {
  return [...server.server.api.app, ...server.server.api.node].flatMap((table) => [...table.routes])
}

describe('openapiDocument', () => {
  it('has every route of the routers of both ports, and no other', () => {
    const served = [...server.server.api.app, ...server.server.api.node].flatMap(({ router }) =>
      router.stack.flatMap(({ methods, path }) =>
        methods.filter((method) => method !== 'HEAD').map((method) => `${method.toLowerCase()} ${String(path)}`),
      ),
    )
    const described = Object.entries(document.paths).flatMap(([path, item]) =>
      Object.keys(item)
        .filter((key) => key !== 'servers')
        .map((method) => `${method} ${path.replace(/\{(\w+)\}/g, ':$1')}`),
    )
    expect(described.sort()).toEqual([...new Set(served)].sort())
    expect(document.openapi).toBe('3.1.0')
  })

  it('says where the routes of the node are', () => {
    expect(document.paths['/stream']?.servers).toMatchObject([{ url: expect.stringMatching(/^http:/) }])
    expect(document.paths['/health']?.servers).toBeUndefined()
  })

  it('describes parameters, bodies as they are checked, and errors', () => {
    const patch = document.paths['/api/v4/users/{id}']?.patch
    expect(patch).toMatchObject({
      'x-access': 'users',
      parameters: [{ name: 'id', in: 'path', required: true }],
      requestBody: {
        content: {
          'application/json': { schema: { type: 'object', properties: { user_group: { enum: ['admin', 'user'] } } } },
        },
      },
      security: [{ bearer: [] }, { apiToken: [] }, { cookie: [] }],
    })
    expect(Object.keys(patch?.responses ?? {})).toEqual(['200', '400', '401', '403', '404'])
    const stream = document.paths['/api/v4/stream/hep']?.get as { parameters: { name: string }[]; security: Json[] }
    expect(stream.parameters.map(({ name }) => name)).toEqual(expect.arrayContaining(['proto', 'method', 'since', 'q']))
    expect(stream.security).toContainEqual({ accessToken: [] })
  })

  it('has a schema for every body and reply, without a dangling reference', () => {
    const text = JSON.stringify(document)
    for (const [, ref = ''] of text.matchAll(/"\$ref":"#\/([^"]+)"/g)) {
      const found = ref.split('/').reduce<unknown>((at, key) => (at as Json | undefined)?.[key], document)
      expect(found).toBeDefined()
    }
    for (const name of Object.keys(document.paths)) {
      for (const parameter of name.match(/\{\w+\}/g) ?? []) expect(text).toContain(`"name":"${parameter.slice(1, -1)}"`)
    }
  })
})

describe('what the routes answer', () => {
  it('is what the document says, member by member', async () => {
    let guid = ''
    for (const { route, path, body, status = 200 } of REQUESTS) {
      const [method = '', pattern = ''] = route.split(' ')
      const address = (path ?? pattern).replace('GUID', guid)
      const answer = await ask(server.url, method, address, bearer(admin), body)
      expect([route, answer.status]).toEqual([route, status])
      const described = routes().find((one) => one.method === method && one.path === pattern)
      const { schema } = described?.operation.replies[status] ?? {}
      // A member that the schema does not know would be missing on the left.
      if (schema !== undefined) expect([route, schema.parse(answer.body)]).toEqual([route, answer.body])
      if (pattern === '/api/v4/auth-tokens' && method === 'post') guid = (answer.data as { guid: string }).guid
    }
  })

  it('was looked at for every route that answers with JSON', () => {
    const withSchema = routes()
      .filter(({ operation }) => Object.values(operation.replies).some(({ schema }) => schema !== undefined))
      .map(({ method, path }) => `${method} ${path}`)
    const seen = new Set([...REQUESTS.map(({ route }) => route), ...ELSEWHERE])
    expect(withSchema.filter((route) => !seen.has(route))).toEqual([])
  })

  it('is an error in the one envelope where something is wrong', async () => {
    const errors = [
      await ask(server.url, 'post', '/api/v4/users', bearer(admin), { username: '' }),
      await ask(server.url, 'get', '/api/v4/me'),
      await ask(server.url, 'get', '/api/v4/users/nobody', bearer(admin)),
      await ask(server.url, 'put', '/api/v4/users', bearer(admin), {}),
      await ask(server.url, 'get', '/api/v4/nothing', bearer(admin)),
    ]
    const { errorSchema } = await import('../../src/http/error.ts')
    expect(errors.map(({ status }) => status)).toEqual([400, 401, 404, 405, 404])
    for (const { body } of errors) expect(errorSchema.parse(body)).toEqual(body)
  })
})
