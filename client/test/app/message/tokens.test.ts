import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { controlPicture, tokenizeMessage } from '../../../src/app/message/tokens.ts'

/** Tokens as `kind|text`, one list per line. */
function shown(text: string, isSip = true): string[][] {
  return tokenizeMessage(text, isSip).map((line) => line.map((token) => `${token.kind}|${token.text}`))
}

function joined(text: string, isSip: boolean): string {
  return tokenizeMessage(text, isSip)
    .map((line) => line.map((token) => token.text).join(''))
    .join('\n')
}

describe('tokenizeMessage', () => {
  it('marks start line, header names, links and URIs', () => {
    const text = [
      'INVITE sip:bob@example.com SIP/2.0',
      'Via: SIP/2.0/UDP 10.0.0.5:5060;branch=z9hG4bK-1;rport',
      'From: "Alice" <sip:alice@example.com;tag=inner>;tag=77',
      'Call-ID:  a@b ',
      'i: short',
      '',
      'v=0',
      'm=audio 4000 RTP/AVP 8',
      '',
    ].join('\r\n')
    expect(shown(text)).toEqual([
      ['start|INVITE sip:bob@example.com SIP/2.0'],
      ['name|Via:', 'value| SIP/2.0/UDP 10.0.0.5:5060;branch=', 'link|z9hG4bK-1', 'value|;rport'],
      ['name|From:', 'value| "Alice" <', 'uri|sip:alice@example.com;tag=inner', 'value|>;tag=', 'link|77'],
      ['name|Call-ID:', 'value|  ', 'link|a@b', 'value| '],
      ['name|i:', 'value| ', 'link|short'],
      [],
      ['name|v=', 'body|0'],
      ['name|m=', 'body|audio 4000 RTP/AVP 8'],
    ])
  })

  it('keeps a folded line with the header that it belongs to', () => {
    expect(shown('OPTIONS a SIP/2.0\nCall-ID:\n folded-id\nVia: x;branch=\n\tz;branch=q')).toEqual([
      ['start|OPTIONS a SIP/2.0'],
      ['name|Call-ID:'],
      ['value| ', 'link|folded-id'],
      ['name|Via:', 'value| x;branch='],
      ['value|\tz;branch=', 'link|q'],
    ])
  })

  it('keeps markup as text', () => {
    const text = 'MESSAGE sip:x SIP/2.0\nSubject: <img src=x onerror=alert(1)>\nFrom: <script>alert(1)</script>;tag=<b>'
    expect(joined(text, true)).toBe(text)
    expect(shown(text)[1]).toEqual(['name|Subject:', 'value| <img src=x onerror=alert(1)>'])
  })

  it('sets control and direction characters apart', () => {
    expect(shown('OPTIONS a SIP/2.0\nFrom: a\u0000b\u202ec')).toEqual([
      ['start|OPTIONS a SIP/2.0'],
      ['name|From:', 'value| a', 'control|\u0000', 'value|b', 'control|\u202e', 'value|c'],
    ])
  })

  it('takes what is not SIP as a body', () => {
    expect(shown('{"type":200}\nv=0', false)).toEqual([['body|{"type":200}'], ['body|v=0']])
  })

  it('loses and adds nothing, whatever the text', () => {
    const noise = fc.string({
      unit: fc.constantFrom(
        'a',
        ':',
        ';',
        '<',
        '>',
        'sip:',
        'tag=',
        'branch=',
        'Call-ID:',
        ' ',
        '\t',
        '\n',
        '\0',
        '\u202e',
        '=',
        '"',
      ),
      maxLength: 200,
    })
    fc.assert(
      fc.property(fc.oneof(noise, fc.string({ unit: 'binary' })), fc.boolean(), (text, isSip) => {
        const plain = text.replace(/\r\n|\r/g, '\n')
        expect(joined(text, isSip)).toBe(plain.endsWith('\n') ? plain.slice(0, -1) : plain)
      }),
      { numRuns: 500 },
    )
  })

  it('takes a header of 64 kB of tags in little time', () => {
    const text = `OPTIONS a SIP/2.0\nX: ${';tag=<sip:a'.repeat(6000)}`
    const startMs = performance.now()
    expect(joined(text, true)).toBe(text)
    // A few milliseconds; what grows with the square of the length takes many seconds.
    expect(performance.now() - startMs).toBeLessThan(5000)
  })
})

describe('controlPicture', () => {
  it('draws what has no shape', () => {
    expect(['\0', '\u001b', '\u007f', '\u202e'].map(controlPicture)).toEqual(['␀', '␛', '␡', '\\u202e'])
  })
})
