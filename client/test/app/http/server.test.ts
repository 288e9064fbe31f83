import { afterEach, describe, expect, it, vi } from 'vitest'
import { getConfig, getIdentity, login } from '../../../src/app/http/server.ts'

function answerWith(status: number, body: unknown, headers: Record<string, string> = {}): void {
  vi.stubGlobal('fetch', async () => new Response(JSON.stringify(body), { status, headers }))
}

afterEach(() => {
  vi.unstubAllGlobals()
})

describe('login', () => {
  it.each([
    { name: 'a wrong password', status: 401, headers: {}, message: 'Wrong user name or password.' },
    { name: 'too many attempts', status: 429, headers: { 'retry-after': '30' }, message: 'Try again in 30 seconds' },
    { name: 'what the server says', status: 403, headers: {}, message: 'said so' },
  ])('explains $name', async ({ status, headers, message }) => {
    answerWith(status, { error: { detail: 'said so' } }, headers)
    expect(await login('admin', 'x', false)).toEqual({ ok: false, message: expect.stringContaining(message) })
  })

  it('explains a server that is gone, and a proxy that stands before it', async () => {
    vi.stubGlobal('fetch', () => Promise.reject(new TypeError('refused')))
    const expected = { ok: false, message: 'The server does not answer. Is it running?' }
    expect(await login('admin', 'x', false)).toEqual(expected)
    vi.stubGlobal('fetch', async () => new Response('<html>Bad Gateway', { status: 502 }))
    expect(await login('admin', 'x', false)).toEqual(expected)
  })
})

describe('getIdentity', () => {
  it('tells nobody from nothing', async () => {
    answerWith(200, { data: { username: 'eva', admin: true } })
    expect(await getIdentity()).toEqual({ kind: 'user', user: { username: 'eva', isAdmin: true } })
    answerWith(401, { error: { detail: '' } })
    expect(await getIdentity()).toEqual({ kind: 'nobody' })
    answerWith(500, { error: { detail: '' } })
    expect(await getIdentity()).toEqual({ kind: 'unreachable' })
  })
})

describe('getConfig', () => {
  it('takes what it knows', async () => {
    const listeners = [{ transport: 'udp', host: '0.0.0.0', port: 9060 }]
    const stream = { enabled: true, allowPayload: true, historyLimit: 200 }
    const login = { password: false, oidc: { label: 'Example Inc.', url: '/login' } }
    answerWith(200, {
      data: { version: '1', node: 'n', listeners, stream, storage: { enabled: false }, login, more: 1 },
    })
    expect(await getConfig()).toEqual({
      version: '1',
      node: 'n',
      listeners,
      isStreamOn: true,
      allowsPayload: true,
      historyLimit: 200,
      isStoring: false,
      allowsPasswordLogin: false,
      oidc: { label: 'Example Inc.', url: '/login' },
    })
  })

  it('takes a server that says nothing of logins for one with passwords', async () => {
    answerWith(200, { data: {} })
    expect(await getConfig()).toMatchObject({ allowsPasswordLogin: true, oidc: undefined })
  })
})
