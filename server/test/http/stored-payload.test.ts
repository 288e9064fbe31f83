import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { beforeEach, describe, expect, it, onTestFinished } from 'vitest'
import { pino } from 'pino'
import type { Session } from '../../src/auth/sessions.ts'
import { createApp } from '../../src/http/app.ts'
import type { AppMiddleware } from '../../src/http/context.ts'
import { callReportRoutes } from '../../src/http/routes/call-reports.ts'
import { exportRoutes } from '../../src/http/routes/exports.ts'
import { searchRoutes } from '../../src/http/routes/search.ts'
import type { StoreEngine } from '../../src/store/engine.ts'
import { callsBody } from '../../src/store/calls/call-request.ts'
import { messagesBody, searchBody } from '../../src/store/search-request.ts'
import { Blocks } from '../store/blocks.ts'
import { engineAt, newDataDir } from '../store/data-dir.ts'
import { ask } from './test-server.ts'

interface Rows {
  readonly items: readonly Readonly<Record<string, unknown>>[]
  readonly keys: readonly string[]
}

const SECRET = ['payload', 'payload_raw', 'hep_extra']
const SESSION: Session = { kind: 'login', username: 'carol', admin: false, jti: 'a', expiresAt: undefined }
let engine: StoreEngine

beforeEach(async () => {
  engine = await engineAt(newDataDir())
  engine.append(new Blocks().invites(3))
  await engine.flush()
})

/** The search routes over a real store, for somebody who may or may not read payloads. */
async function serve(mayReadPayload: boolean): Promise<string> {
  const login: AppMiddleware = async (ctx, next) => {
    ctx.state.session = SESSION
    await next()
  }
  const right = (): boolean => mayReadPayload
  const app = createApp(pino({ level: 'silent' }), [
    searchRoutes(login, engine, { search: searchBody, messages: messagesBody, calls: callsBody }, right),
    exportRoutes(login, engine, messagesBody, right),
    callReportRoutes(login, engine, messagesBody, right),
  ])
  const server = createServer((request, response) => void app.callback()(request, response)).listen(0, '127.0.0.1')
  await once(server, 'listening')
  onTestFinished(() => void server.close())
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`
}

async function rowsOf(url: string, body: object = {}): Promise<{ search: Rows; messages: Rows }> {
  const search = (await ask(url, 'post', '/api/v4/transactions/search', {}, body)).data as Rows
  const messages = (
    await ask(url, 'post', '/api/v4/transactions/messages', {}, { ...body, session_id: search.items[0]?.session_id })
  ).data as Rows
  return { search, messages }
}

describe('payloads of stored rows', () => {
  it('are in every answer for who may read them', async () => {
    const url = await serve(true)
    for (const { items, keys } of Object.values(await rowsOf(url))) {
      expect(items[0]?.payload).toContain('INVITE')
      expect(keys).toEqual(expect.arrayContaining(SECRET))
    }
    const found = await ask(url, 'post', '/api/v4/transactions/search', {}, { filter: { payload: 'INVITE' } })
    expect((found.data as Rows).items.length).toBe(3)
  })

  it('are left out for who does not want them', async () => {
    for (const { items } of Object.values(await rowsOf(await serve(true), { with_payload: false }))) {
      expect(items.length).toBeGreaterThan(0)
      expect(items[0]).not.toHaveProperty('payload')
    }
  })

  it.each([{}, { with_payload: true }])('are in no answer for who may not read them: %o', async (body) => {
    for (const { items, keys } of Object.values(await rowsOf(await serve(false), body))) {
      expect(items.length).toBeGreaterThan(0)
      expect(JSON.stringify(items)).not.toContain('SIP/2.0')
      for (const key of SECRET) {
        expect(keys).not.toContain(key)
        expect(items[0]).not.toHaveProperty(key)
      }
    }
  })

  it('cannot be guessed by a filter either', async () => {
    const url = await serve(false)
    const { status } = await ask(url, 'post', '/api/v4/transactions/search', {}, { filter: { payload: 'INVITE' } })
    expect(status).toBe(403)
    expect((await ask(url, 'post', '/api/v4/transactions/search', {}, { filter: { payload: '' } })).status).toBe(200)
  })

  it('are in no file for who may not read them', async () => {
    const [may, mayNot] = [await serve(true), await serve(false)]
    const { search } = await rowsOf(may)
    const exported = (url: string, name: string) =>
      ask(url, 'post', `/api/v4/transactions/export/${name}`, {}, { session_id: search.items[0]?.session_id })
    for (const name of ['text', 'pcap', 'sipp']) {
      expect([name, (await exported(may, name)).status]).toEqual([name, 200])
      expect([name, (await exported(mayNot, name)).status]).toEqual([name, 403])
    }
    expect(String((await exported(may, 'ndjson')).body)).toContain('SIP/2.0')
    const { status, body } = await exported(mayNot, 'ndjson')
    expect(status).toBe(200)
    expect(String(body)).not.toContain('SIP/2.0')
  })

  it.each(['null', '[]', '"text"', '{"filter": 5}', '{"filter": {"payload": ["a"]}}'])(
    'answers %s with an error',
    async (text) => {
      const response = await fetch(`${await serve(false)}/api/v4/transactions/search`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: text,
      })
      expect(response.status).toBeGreaterThanOrEqual(400)
      expect(response.status).toBeLessThan(500)
    },
  )
})
