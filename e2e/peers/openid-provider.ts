import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import Provider from 'oidc-provider'
import type { Stage } from '../process/stage.ts'

export const CLIENT = { id: 'hepscope', secret: 'a secret of the client' } as const

/**
 * An OpenID provider on loopback whose login page takes any name and password.
 *
 * @param redirectUrl where it may send browsers back to
 * @returns its issuer
 */
export async function openProvider(stage: Stage, redirectUrl: string): Promise<string> {
  // Its advice for those who run it in earnest would stand between the results.
  for (const method of ['info', 'warn'] as const) {
    const print = console[method]
    console[method] = (...words: unknown[]) => {
      if (!String(words[0]).includes('oidc-provider')) print(...words)
    }
    stage.atEnd(() => (console[method] = print))
  }
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  stage.atEnd(() => {
    server.close()
    server.closeAllConnections()
  })
  const issuer = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  const provider = new Provider(issuer, {
    clients: [
      {
        client_id: CLIENT.id,
        client_secret: CLIENT.secret,
        redirect_uris: [redirectUrl],
        // Others may be sent back to https alone.
        application_type: 'native',
      },
    ],
    claims: { openid: ['sub'], profile: ['preferred_username', 'groups'] },
    findAccount: (_, name) => ({
      accountId: name,
      claims: async () => ({ sub: name, preferred_username: name, groups: [`${name}s`] }),
    }),
    features: { devInteractions: { enabled: true } },
    cookies: { keys: ['a key of tests'] },
  })
  server.on('request', (request, response) => void provider.callback()(request, response))
  return issuer
}
