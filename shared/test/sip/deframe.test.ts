import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { MAX_SIP_MESSAGE_BYTES, SipDeframer } from '../../src/sip/deframe.ts'

const encoder = new TextEncoder()
const decoder = new TextDecoder()

const OPTIONS = 'OPTIONS sip:bob@example.com SIP/2.0\r\nVia: SIP/2.0/TCP a\r\nContent-Length: 0\r\n\r\n'
const INVITE = 'INVITE sip:bob@example.com SIP/2.0\r\nTo: <sip:bob@example.com>\r\nContent-Length: 6\r\n\r\nv=0\r\nx'
const OK = 'SIP/2.0 200 OK\r\nl: 3\r\n\r\nabc'

function deframe(pieces: readonly (string | Uint8Array)[], deframer = new SipDeframer()) {
  const messages: string[] = []
  for (const piece of pieces) {
    const bytes = typeof piece === 'string' ? encoder.encode(piece) : piece
    deframer.push(bytes, (message) => messages.push(decoder.decode(message)))
  }
  return { messages, counters: deframer.counters, pendingBytes: deframer.pendingBytes }
}

function message(bodyBytes: number): string {
  return `MESSAGE sip:b SIP/2.0\r\nContent-Length: ${bodyBytes}\r\n\r\n${'b'.repeat(bodyBytes)}`
}

describe('SipDeframer', () => {
  const stream = `\r\n\r\n${OPTIONS}${INVITE}\r\n\r\n${OK}`

  it('cuts messages that come in one piece', () => {
    const { messages, counters, pendingBytes } = deframe([stream])
    expect(messages).toEqual([OPTIONS, INVITE, OK])
    expect(pendingBytes).toBe(0)
    expect(counters).toEqual({
      messageCount: 3,
      keepAliveBytes: 8,
      skippedBytes: 0,
      resyncCount: 0,
      oversizedCount: 0,
    })
  })

  it('cuts the same messages when the stream is split at any offset', () => {
    for (let at = 0; at <= stream.length; at++) {
      expect(deframe([stream.slice(0, at), stream.slice(at)]).messages).toEqual([OPTIONS, INVITE, OK])
    }
  })

  it('cuts the same messages byte by byte', () => {
    const result = deframe(stream.split(''))
    expect(result.messages).toEqual([OPTIONS, INVITE, OK])
    expect(result.counters).toMatchObject({ keepAliveBytes: 8, skippedBytes: 0 })
  })

  it('keeps what is not whole, at every length', () => {
    for (let length = 1; length < INVITE.length; length++) {
      expect(deframe([INVITE.slice(0, length)])).toMatchObject({ messages: [], pendingBytes: length })
    }
  })

  it.each([
    { name: 'another case', header: 'CONTENT-LENGTH: 3' },
    { name: 'blanks around the colon', header: 'Content-Length \t: \t3  ' },
    { name: 'the compact form in upper case', header: 'L:3' },
    { name: 'leading zeros', header: 'Content-Length: 0003' },
    { name: 'a folded value', header: 'Content-Length:\r\n 3' },
    { name: 'the first of two', header: 'Content-Length: 3\r\nContent-Length: 99' },
    { name: 'names that only begin alike', header: 'Content-Length-X: 9\r\nLa: 9\r\nl: 3' },
  ])('reads a length with $name', ({ header }) => {
    const text = `NOTIFY sip:b SIP/2.0\r\nTo: x\r\n${header}\r\n\r\nabc`
    expect(deframe([text, OK]).messages).toEqual([text, OK])
  })

  it('accepts bare line feeds', () => {
    const text = 'NOTIFY sip:b SIP/2.0\nl: 3\n\nabc'
    expect(deframe([text + OK]).messages).toEqual([text, OK])
  })

  it.each([{ header: 'To: x' }, { header: 'Content-Length: many' }, { header: 'Content-Length:' }])(
    'takes a message with "$header" to have no body',
    ({ header }) => {
      const text = `NOTIFY sip:b SIP/2.0\r\n${header}\r\n\r\n`
      const result = deframe([`${text}abc\r\n${OK}`])
      expect(result.messages).toEqual([text, OK])
      expect(result.counters).toMatchObject({ resyncCount: 1, skippedBytes: 5 })
    },
  )

  it.each([
    { name: 'binary', garbage: '\u0000\u0001\u0002\r\n' },
    { name: 'HTTP', garbage: 'GET / HTTP/1.1\r\nHost: a\r\n\r\n' },
    { name: 'a header without its start', garbage: 'ia: SIP/2.0/TCP b\r\nTo: c\r\n\r\n' },
    { name: 'a word that is too long for a method', garbage: `${'M'.repeat(40)} sip:b SIP/2.0\r\n` },
  ])('finds the next message behind $name, split at any offset', ({ garbage }) => {
    const text = OPTIONS + garbage + INVITE
    for (let at = 0; at <= text.length; at++) {
      const { messages, counters, pendingBytes } = deframe([text.slice(0, at), text.slice(at)])
      expect(messages).toEqual([OPTIONS, INVITE])
      expect(counters).toMatchObject({ resyncCount: 1, skippedBytes: garbage.length })
      expect(pendingBytes).toBe(0)
    }
  })

  it('does not wait for a line that never ends', () => {
    const { messages, counters, pendingBytes } = deframe([`INVITE sip:${'b'.repeat(9000)}`, `\r\n${OK}`])
    expect(messages).toEqual([OK])
    expect(counters.resyncCount).toBe(1)
    expect(pendingBytes).toBe(0)
  })

  it('delivers the largest message', () => {
    const overhead = message(0).length + 4
    const largest = message(MAX_SIP_MESSAGE_BYTES - overhead)
    expect(largest).toHaveLength(MAX_SIP_MESSAGE_BYTES)
    expect(deframe([largest + OK]).messages).toEqual([largest, OK])
  })

  it('passes over a larger message by its length, and finds the next', () => {
    const large = message(200_000)
    const { messages, counters } = deframe([OPTIONS + large + OK])
    expect(messages).toEqual([OPTIONS, OK])
    expect(counters).toMatchObject({ oversizedCount: 1, skippedBytes: large.length, resyncCount: 0 })
  })

  it.each([{ length: '99999999' }, { length: '9'.repeat(400) }])(
    'does not believe a length of $length',
    ({ length }) => {
      const { messages, counters } = deframe([`MESSAGE sip:b SIP/2.0\r\nl: ${length}\r\n\r\n`, OK])
      expect(messages).toEqual([OK])
      expect(counters).toMatchObject({ oversizedCount: 1, resyncCount: 1 })
    },
  )

  it('gives up a header that never ends, and holds no more than its bound', () => {
    const deframer = new SipDeframer()
    const line = `X-Long: ${'x'.repeat(990)}\r\n`
    const pieces = [`INVITE sip:b SIP/2.0\r\n`, ...Array<string>(100).fill(line), OK]
    const { messages, counters } = deframe(pieces, deframer)
    expect(messages).toEqual([OK])
    expect(counters).toMatchObject({ oversizedCount: 1, resyncCount: 1 })
  })

  it('forgets what it holds when bytes are missing, and searches the next start line', () => {
    const deframer = new SipDeframer()
    deframe([INVITE.slice(0, 60)], deframer)
    deframer.lose()
    const { messages, counters } = deframe([`rest of a body\r\n${OK}`], deframer)
    expect(messages).toEqual([OK])
    expect(counters).toMatchObject({ resyncCount: 1, skippedBytes: 60 + 16 })
  })

  it('finds a message that begins right where bytes were missing', () => {
    const deframer = new SipDeframer()
    deframer.lose()
    expect(deframe([OK.slice(0, 5), OK.slice(5)], deframer).messages).toEqual([OK])
  })

  it('never throws, and accounts for every byte', () => {
    const part = fc.oneof(
      fc.constantFrom(OPTIONS, INVITE, OK, '\r\n\r\n', 'l: 7\r\n\r\n', 'SIP/2.0 ').map((text) => encoder.encode(text)),
      fc.uint8Array({ maxLength: 30 }),
    )
    fc.assert(
      fc.property(fc.array(part, { maxLength: 30 }), (parts) => {
        const deframer = new SipDeframer()
        const { messages, counters, pendingBytes } = deframe(parts, deframer)
        const total = parts.reduce((sum, { length }) => sum + length, 0)
        expect(messages).toHaveLength(counters.messageCount)
        expect(counters.keepAliveBytes + counters.skippedBytes + pendingBytes).toBeLessThanOrEqual(total)
      }),
    )
  })
})
