import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import Provider, { type Configuration } from 'oidc-provider'
import { onTestFinished, vi } from 'vitest'

export interface Person {
  readonly sub: string
  readonly preferred_username?: string
  readonly email?: string
  readonly name?: string
  readonly groups?: readonly string[]
}

export interface OpenIdProvider {
  readonly issuer: string
  /** Log in as somebody at the provider's own pages and say yes; the address that the browser is sent back to. */
  readonly pass: (url: string, person: Person) => Promise<string>
  /** The same, but say no. */
  readonly refuse: (url: string) => Promise<string>
}

/**
 * An OpenID provider on loopback, by the certified implementation `oidc-provider`.
 *
 * @param redirectUrl callback of the one client that it knows: `hepscope`
 */
export async function openProvider(
  redirectUrl: () => string,
  clientAuth: 'client_secret_basic' | 'client_secret_post' | 'none' = 'client_secret_basic',
): Promise<OpenIdProvider> {
  // It advises against memory and made-up keys, which is what a test wants.
  for (const method of ['warn', 'info'] as const) {
    const silent = vi.spyOn(console, method).mockImplementation(() => undefined)
    onTestFinished(() => silent.mockRestore())
  }
  const people = new Map<string, Person>()
  const server = createServer()
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const issuer = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  const configuration: Configuration = {
    clients: [
      {
        client_id: 'hepscope',
        ...(clientAuth !== 'none' && { client_secret: 'a secret of the client' }),
        token_endpoint_auth_method: clientAuth,
        redirect_uris: [redirectUrl()],
        // The provider asks for https where a page of the browser is not on this machine.
        application_type: 'native',
      },
    ],
    pkce: { required: () => true },
    claims: {
      openid: ['sub'],
      profile: ['preferred_username', 'name'],
      email: ['email'],
      groups: ['groups'],
    },
    findAccount: (_, sub) => ({
      accountId: sub,
      claims: async () => ({ ...people.get(sub), sub, groups: [...(people.get(sub)?.groups ?? [])] }),
    }),
    features: { devInteractions: { enabled: true } },
    cookies: { keys: ['a key of tests'] },
  }
  const provider = new Provider(issuer, configuration)
  server.on('request', (request, response) => void provider.callback()(request, response))
  onTestFinished(async () => {
    const closed = once(server, 'close')
    server.close()
    server.closeAllConnections()
    await closed
  })

  return {
    issuer,
    async pass(url, person) {
      people.set(person.sub, person)
      const browser = new Browser(issuer)
      const loginPage = await browser.open(url)
      await browser.submit(loginPage, { prompt: 'login', login: person.sub, password: 'any' })
      return browser.submit(browser.page, { prompt: 'consent' })
    },
    async refuse(url) {
      const browser = new Browser(issuer)
      const loginPage = await browser.open(url)
      return browser.open(`${loginPage}/abort`)
    },
  }
}

/** As much of a browser as the provider's pages need: cookies and redirects, up to one that leads away. */
class Browser {
  readonly #home: string
  readonly #cookies = new Map<string, string>()
  /** Address of the page that is shown. */
  page = ''

  constructor(home: string) {
    this.#home = home
  }

  open(url: string): Promise<string> {
    return this.#go(url, { method: 'GET' })
  }

  submit(url: string, form: Readonly<Record<string, string>>): Promise<string> {
    return this.#go(url, { method: 'POST', body: new URLSearchParams(form) })
  }

  async #go(url: string, init: RequestInit): Promise<string> {
    const cookie = [...this.#cookies].map((pair) => pair.join('=')).join('; ')
    const response = await fetch(url, { ...init, redirect: 'manual', headers: { cookie } })
    for (const text of response.headers.getSetCookie()) {
      const [pair = ''] = text.split(';')
      const at = pair.indexOf('=')
      if (pair.length > at + 1) this.#cookies.set(pair.slice(0, at), pair.slice(at + 1))
      else this.#cookies.delete(pair.slice(0, at))
    }
    this.page = url
    const location = response.headers.get('location')
    if (location === null) {
      if (!response.ok) throw new Error(`${url} answered ${response.status}: ${await response.text()}`)
      return url
    }
    const next = new URL(location, url).href
    return next.startsWith(this.#home) ? this.#go(next, { method: 'GET' }) : next
  }
}
