import type { IncomingHttpHeaders, IncomingMessage } from 'node:http'
import { describe, expect, it } from 'vitest'
import { nodeRight } from '../../src/auth/node-token.ts'

/** What the check reads of a request. */
function request(remoteAddress: string, headers: IncomingHttpHeaders = {}): IncomingMessage {
  return { socket: { remoteAddress }, headers } as unknown as IncomingMessage
}

const bearer = (token: string) => ({ authorization: `Bearer ${token}` })
const FAR = '192.0.2.1'

describe('nodeRight', () => {
  it.each<[string, string, IncomingMessage, string | undefined, boolean, string]>([
    ['everybody may read metadata without a token', '', request(FAR), undefined, true, 'metadata'],
    [
      'a token that was shown to a node without one means nothing',
      '',
      request(FAR, bearer('x')),
      undefined,
      true,
      'metadata',
    ],
    ['the right token', 'secret', request(FAR, bearer('secret')), undefined, true, 'all'],
    ['the scheme in any case', 'secret', request(FAR, { authorization: 'bearer  secret' }), undefined, true, 'all'],
    ['the right token in the query', 'secret', request(FAR), 'secret', true, 'all'],
    ['the header goes before the query', 'secret', request(FAR, bearer('wrong')), 'secret', true, 'none'],
    ['a wrong token', 'secret', request(FAR, bearer('Secret')), undefined, true, 'none'],
    ['the beginning of the token', 'secret', request(FAR, bearer('secre')), undefined, true, 'none'],
    ['no token', 'secret', request(FAR), undefined, true, 'none'],
    ['an empty token', 'secret', request(FAR), '', true, 'none'],
    ['a program on this machine', 'secret', request('127.0.0.1'), undefined, true, 'metadata'],
    ['… over IPv6', 'secret', request('::1'), undefined, true, 'metadata'],
    ['… over both', 'secret', request('::ffff:127.0.0.1'), undefined, true, 'metadata'],
    ['… with a wrong token', 'secret', request('127.0.0.1', bearer('wrong')), undefined, true, 'none'],
    ['… with the right one', 'secret', request('127.0.0.1', bearer('secret')), undefined, false, 'all'],
    ['… where that is no exemption', 'secret', request('127.0.0.1'), undefined, false, 'none'],
    [
      'a page in a browser on this machine',
      'secret',
      request('127.0.0.1', { origin: 'http://evil' }),
      undefined,
      true,
      'none',
    ],
    ['a proxy on this machine', 'secret', request('127.0.0.1', { 'x-forwarded-for': FAR }), undefined, true, 'none'],
    [
      'a proxy that says so by the RFC',
      'secret',
      request('127.0.0.1', { forwarded: `for=${FAR}` }),
      undefined,
      true,
      'none',
    ],
    ['an address that only begins like loopback', 'secret', request('127.0.0.1.evil'), undefined, true, 'none'],
  ])('%s', (_, token, from, query, loopbackExempt, right) => {
    expect(nodeRight(from, query ?? null, { token, loopbackExempt })).toBe(right)
  })
})
