import { Writable } from 'node:stream'
import { describe, expect, it } from 'vitest'
import { openLog } from '../src/log.ts'

const TOKEN = `hepscope_0123456789ab_${'s'.repeat(43)}`
const JWT = 'eyJhbGciOiJIUzI1NiJ9.eyJ1c2VybmFtZSI6ImEifQ.c2lnbmF0dXJl'

function logged(write: (log: ReturnType<typeof openLog>) => void): string {
  let text = ''
  const sink = new Writable({
    write(chunk: Buffer, _, done) {
      text += chunk.toString()
      done()
    },
  })
  write(openLog('debug', sink))
  return text
}

describe('openLog', () => {
  it.each([
    ['in an address', { url: `/api/v4/stream/hep?proto=1&access_token=${TOKEN}&method=INVITE` }],
    ['of a session in an address', { url: `/api/v4/stream/hep?access_token=${JWT}` }],
    ['in a header', { headers: { authorization: `Bearer ${JWT}`, 'auth-token': TOKEN } }],
    ['in the text of an error', { err: new Error(`cannot open ws://node/stream?access_token=${TOKEN}`) }],
  ])('shows no credential %s', (_, fields) => {
    const text = logged((log) => log.info(fields, 'line'))
    expect(text).toContain('line')
    expect(text).toContain('***')
    for (const secret of ['s'.repeat(43), JWT, 'c2lnbmF0dXJl']) expect(text).not.toContain(secret)
  })

  it('leaves everything else as it is', () => {
    const text = logged((log) => log.info({ url: '/api/v4/stream/hep?proto=1&method=INVITE' }, 'line'))
    expect(text).toContain('/api/v4/stream/hep?proto=1&method=INVITE')
  })
})
