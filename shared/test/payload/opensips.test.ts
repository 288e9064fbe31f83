import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { homer5Payload, homer6Payload } from '../../src/hep/payload-parts.ts'
import { viewOpenSips } from '../../src/payload/opensips.ts'
import { parseParts, unwrapSip } from '../../src/payload/parts.ts'
import { redactSecrets } from '../../src/payload/redact.ts'

const utf8 = new TextEncoder()
const latin1 = new TextDecoder('latin1')
/** 48 bytes, as OpenSSL gives a master key, with a quote and a backslash among them. */
const KEY = Uint8Array.from({ length: 48 }, (_, i) => [0xf0, 0x22, 0x5c, 0x80, 0x41][i % 5] ?? 0)
const HEX_KEY = '0123456789abcdef'.repeat(6)

describe('viewOpenSips', () => {
  it.each([
    {
      name: 'a command',
      type: 87,
      parts: [
        ['command', 'ps'],
        ['backend', 'httpd'],
        ['parameters', 'a,b'],
      ] as const,
      expected: { kind: 'opensips-mi', command: 'ps', backend: 'httpd', parameters: 'a,b' },
    },
    { name: 'a reply', type: 87, parts: [['reply', '{}']] as const, expected: { kind: 'opensips-mi', reply: '{}' } },
    {
      name: 'a REST request',
      type: 88,
      parts: [
        ['first_line', 'GET / HTTP/1.1'],
        ['payload', ''],
      ] as const,
      expected: { kind: 'opensips-rest', firstLine: 'GET / HTTP/1.1', body: '' },
    },
    {
      name: 'a connection',
      type: 89,
      parts: [
        ['Protocol', 'tcp'],
        ['Event', 'ACCEPTED'],
        ['Status', 'SUCCESS'],
        ['Message', 'New connection'],
      ] as const,
      expected: {
        kind: 'opensips-net',
        protocol: 'tcp',
        event: 'ACCEPTED',
        status: 'SUCCESS',
        message: 'New connection',
        certificates: [],
      },
    },
    {
      name: 'a TLS connection with its certificates',
      type: 89,
      parts: [
        ['client-subject', '/CN=a'],
        ['client-issuer', '/CN=ca'],
        ['Event', 'CONNECTED'],
      ] as const,
      expected: {
        kind: 'opensips-net',
        event: 'CONNECTED',
        certificates: [
          ['client-subject', '/CN=a'],
          ['client-issuer', '/CN=ca'],
        ],
      },
    },
  ])('reads $name in HOMER6 mode, and as text in HOMER5 mode', ({ type, parts, expected }) => {
    const json = homer6Payload(parts)
    expect(viewOpenSips(type, json)).toEqual({ ...expected, text: latin1.decode(json) })
    const joined = homer5Payload(parts, ':')
    expect(viewOpenSips(type, joined)).toMatchObject({
      kind: expected.kind,
      text: parts.map(([, value]) => value).join(':'),
    })
  })

  it('reads the ids of correlate', () => {
    const ids = [
      ['sip', 'c1'],
      ['net', '7'],
    ] as const
    expect(viewOpenSips(96, homer6Payload(ids))).toEqual({ kind: 'opensips-control', ids })
    expect(viewOpenSips(96, utf8.encode('{"net":7}'))).toEqual({ kind: 'opensips-control', ids: [['net', '7']] })
    expect(viewOpenSips(96, utf8.encode('x'))).toEqual({ kind: 'opensips-control', ids: [] })
  })

  it('is undefined for other types', () => {
    expect(viewOpenSips(1, utf8.encode('{}'))).toBeUndefined()
  })
})

describe('redactSecrets', () => {
  const parts = (key: string | Uint8Array) =>
    [
      ['client-subject', '/CN=a'],
      ['master-key', key],
      ['Event', 'CONNECTED'],
      ['Status', 'SUCCESS'],
      ['Message', 'done'],
    ] as const

  it.each([
    { name: 'binary', key: KEY },
    { name: 'hexadecimal', key: HEX_KEY },
  ])('replaces a $name key in JSON, and nothing else', ({ key }) => {
    const bytes = homer6Payload(parts(key))
    const redacted = redactSecrets(89, bytes)
    const length = bytes.length - homer6Payload(parts('')).length
    expect(redacted).toEqual(homer6Payload(parts('*'.repeat(length))))
    expect(viewOpenSips(89, bytes)).toMatchObject({ event: 'CONNECTED', message: 'done' })
    expect(JSON.stringify(viewOpenSips(89, bytes))).not.toContain(HEX_KEY)
  })

  it.each([
    { name: 'binary', key: KEY },
    { name: 'hexadecimal', key: HEX_KEY },
  ])('replaces a $name key in joined text, with what stands before the event', ({ key }) => {
    const bytes = homer5Payload([...parts(key), ...parts(key)], ':')
    const text = latin1.decode(redactSecrets(89, bytes))
    expect(text).toHaveLength(bytes.length)
    expect(text).toMatch(/^\*+CONNECTED:SUCCESS\*+CONNECTED:SUCCESS:done$/)
  })

  it.each([
    { name: 'joined text without a key', type: 89, bytes: utf8.encode('tcp:ACCEPTED:SUCCESS:New connection') },
    { name: 'JSON without a key', type: 89, bytes: utf8.encode('{"Event":"ACCEPTED","Message":"master-key"}') },
    { name: 'another type', type: 100, bytes: homer6Payload(parts(HEX_KEY)) },
    { name: 'nothing', type: 89, bytes: new Uint8Array() },
  ])('leaves $name as it is', ({ type, bytes }) => {
    expect(redactSecrets(type, bytes)).toBe(bytes)
  })

  it('takes other spellings, any layout, and a key that is cut off', () => {
    const redacted = redactSecrets(89, utf8.encode('{"a":{"Master_Key" : "secret"},"session-secret":"ab\\"cd'))
    expect(latin1.decode(redacted)).toBe('{"a":{"Master_Key" : "******"},"session-secret":"******')
  })
})

describe('unwrapSip', () => {
  it('gives back, byte for byte, what HOMER6 mode wrapped', () => {
    fc.assert(
      fc.property(fc.uint8Array({ min: 1, minLength: 1, maxLength: 100 }), (message) => {
        expect(unwrapSip(homer6Payload([['payload', message]]))).toEqual(message)
      }),
    )
  })

  it.each([
    {
      name: 'escapes',
      json: '{"payload":"a\\r\\n\\t\\/\\u00e9\\ud83d\\ude00\\ud83dz"}',
      message: 'a\r\n\t/é😀\ufffdz',
    },
    { name: 'other members of any kind', json: '{"n":1,"payload":"a"}', message: 'a' },
    { name: 'other members of text', json: '{"n":"1","payload":"a"}', message: 'a' },
    { name: 'no payload', json: '{"n":"1"}', message: '{"n":"1"}' },
    { name: 'a payload that is no text', json: '{"payload":{}}', message: '{"payload":{}}' },
    { name: 'a string that is cut off', json: '{"payload":"a', message: '{"payload":"a' },
    { name: 'an escape that is none', json: '{"payload":"\\x"}', message: '{"payload":"\\x"}' },
    { name: 'nothing', json: '{}', message: '{}' },
    { name: 'SIP', json: 'OPTIONS', message: 'OPTIONS' },
  ])('takes $name', ({ json, message }) => {
    expect(new TextDecoder().decode(unwrapSip(utf8.encode(json)))).toBe(message)
  })

  it('reads strings as JSON.parse does', () => {
    fc.assert(
      fc.property(fc.dictionary(fc.string(), fc.string({ unit: 'binary' })), (object) => {
        const parts = Object.entries(object).map(([name, value]) => [name, value.replace(/\0+$/, '')])
        expect(parseParts(utf8.encode(JSON.stringify(object)))).toEqual(parts)
      }),
    )
  })
})
