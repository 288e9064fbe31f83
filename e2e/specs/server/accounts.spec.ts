import { once } from 'node:events'
import { WebSocket } from 'ws'
import { expect, test } from '../../test.ts'
import { LiveView } from '../../page/live-view.ts'
import { CLIENT, openProvider } from '../../peers/openid-provider.ts'
import { freePort } from '../../process/loopback-port.ts'
import type { Stage } from '../../process/stage.ts'
import { Api, postJson } from '../../server/api.ts'
import { runHepscope, SHIPPED_CONFIG } from '../../server/command-line.ts'
import type { Hepscope } from '../../server/hepscope.ts'

/** Longest time that a stream may go on without its right. */
const WITHIN_MS = 5000

/** Run a command on the data of a running server; what it printed. */
async function command(stage: Stage, { dataDir }: Hepscope, ...args: string[]): Promise<string> {
  const child = runHepscope(stage, args, { HEPSCOPE_DATA_DIR: dataDir })
  await child.exited
  expect(child.status, child.stderr).toEqual({ code: 0, signal: undefined })
  return child.stdout
}

async function openStream({ url }: Hepscope, token: string): Promise<WebSocket> {
  const address = `${url.replace(/^http/, 'ws')}/api/v4/stream/hep?include_payload=1&access_token=${token}`
  const socket = new WebSocket(address)
  await once(socket, 'open')
  return socket
}

/** Seconds until the server closes the stream, and with what. */
async function closing(socket: WebSocket): Promise<{ code: number; afterMs: number }> {
  const startedMs = performance.now()
  const [code] = (await once(socket, 'close')) as [number]
  return { code, afterMs: performance.now() - startedMs }
}

test('the command line makes users and tokens for a running server, and ends their streams', async ({
  stage,
  server,
}) => {
  const password = /^password: (.+)$/m.exec(await command(stage, server, 'user', 'add', 'carol', '--admin'))?.[1] ?? ''
  const token = (await command(stage, server, 'token', 'add', 'wall', '--expires', '1d')).trim()
  const carol = await Api.login(server.url, 'carol', password)
  const streams = {
    carol: await openStream(server, carol.token),
    wall: await openStream(server, token),
    admin: await openStream(server, (await server.login()).token),
  }

  const demoted = closing(streams.carol)
  await command(stage, server, 'user', 'demote', 'carol')
  expect(await demoted).toMatchObject({ code: 4401 })
  expect((await demoted).afterMs).toBeLessThan(WITHIN_MS)

  const again = await openStream(server, (await Api.login(server.url, 'carol', password)).token)
  const removed = closing(again)
  await command(stage, server, 'user', 'remove', 'carol')
  expect(await removed).toMatchObject({ code: 4401 })
  expect((await removed).afterMs).toBeLessThan(WITHIN_MS)

  const withdrawn = closing(streams.wall)
  await command(stage, server, 'token', 'remove', 'wall')
  expect(await withdrawn).toMatchObject({ code: 4401 })
  expect((await withdrawn).afterMs).toBeLessThan(WITHIN_MS)

  expect(streams.admin.readyState).toBe(WebSocket.OPEN)
  streams.admin.terminate()
  const { status } = await postJson(server.url, '/api/v4/auth/sessions', { username: 'carol', password })
  expect(status).toBe(401)
  expect(server.process.stdout + server.process.stderr).not.toContain(token)
})

test('a browser logs in at an OpenID provider and comes back to the view it wanted', async ({
  page,
  stage,
  faults,
}) => {
  const port = await freePort()
  const url = `http://127.0.0.1:${port}`
  const redirectUrl = `${url}/api/v4/auth/oidc/callback`
  const issuer = await openProvider(stage, redirectUrl)
  const server = runHepscope(stage, ['serve', '--config', SHIPPED_CONFIG], {
    HEPSCOPE_DATA_DIR: stage.directory(),
    HEPSCOPE_INGEST_LISTENERS: 'hep_udp:127.0.0.1:0',
    HEPSCOPE_COORDINATOR_LISTEN: `127.0.0.1:${port}`,
    HEPSCOPE_NODE_LISTEN: '127.0.0.1:0',
    HEPSCOPE_COORDINATOR_OIDC_ISSUER: issuer,
    HEPSCOPE_COORDINATOR_OIDC_CLIENT_ID: CLIENT.id,
    HEPSCOPE_COORDINATOR_OIDC_CLIENT_SECRET: CLIENT.secret,
    HEPSCOPE_COORDINATOR_OIDC_REDIRECT_URL: redirectUrl,
    HEPSCOPE_COORDINATOR_OIDC_LABEL: 'Example Inc.',
    HEPSCOPE_COORDINATOR_OIDC_ADMIN_CLAIM: 'groups',
    HEPSCOPE_COORDINATOR_OIDC_ADMIN_VALUES: 'carols, daves',
  })
  await server.saying(/ {2}data .*/, 20_000)
  faults.expect(/status of 401/)
  // The provider's own pages have a font from elsewhere and no icon.
  await page.route(/fonts\.googleapis\.com|favicon\.ico/, (route) => route.fulfill({ body: '' }))

  // Somebody who turns back gets told so, and can try again.
  await page.goto(`${url}/#q=method%3AINVITE`)
  await page.getByRole('link', { name: 'Example Inc.' }).click()
  await page.getByRole('link', { name: 'Cancel' }).click()
  await expect(page.getByRole('alert')).toContainText('called off')

  await page.goto(`${url}/#q=method%3AINVITE`)
  await page.getByRole('link', { name: 'Example Inc.' }).click()
  await page.getByPlaceholder('Enter any login').fill('carol')
  await page.getByPlaceholder('and password').fill('any')
  await page.getByRole('button', { name: 'Sign-in' }).click()
  await page.getByRole('button', { name: 'Continue' }).click()
  await new LiveView(page, faults).isLive()
  await expect(page.getByText('carol', { exact: true })).toBeVisible()
  expect(new URL(page.url()).hash).toBe('#q=method%3AINVITE')
  const me: unknown = await page.evaluate(async () => (await fetch('/api/v4/me')).json() as Promise<unknown>)
  expect(me).toMatchObject({ data: { username: 'carol', admin: true, external_auth: true } })
})
