import { describe, expect, it } from 'vitest'
import type { Call } from '../../src/call/call.ts'
import { CallTracker } from '../../src/call/tracker.ts'
import { CALL_VALUES, parseCallExpression } from '../../src/filter/call-expression.ts'
import { compileCallExpression } from '../../src/filter/call-match.ts'
import { parseExpression } from '../../src/filter/expression.ts'
import { blockOf, packetsOf } from '../call/sip-script.ts'

const BUSY = '0 a>b INVITE 1 b1 user=alice\n9 b>a 486 INVITE 1 b1 user=alice'
const FAILED = '0 a>b INVITE 1 b1 user=otto\n9 b>a 503 INVITE 1 b1 user=otto'
const REGISTERED = '0 a>b REGISTER 1 b1\n9 b>a 200 REGISTER 1 b1'

/** As the list does it: the call, and one of its events. */
function passes(text: string, script: string): boolean {
  const parsed = parseCallExpression(text)
  if (!parsed.ok) throw new Error(parsed.message)
  const { onCall, onEvent } = compileCallExpression(parsed.expression)
  const block = blockOf(packetsOf(script))
  const tracker = new CallTracker()
  let call: Call | undefined
  for (let row = 0; row < block.count; row++) call = tracker.apply(block, row)
  if (call === undefined) throw new Error('no call')
  const rows = Array.from({ length: block.count }, (_, row) => row)
  const of = call
  return onCall(of) && (onEvent === undefined || rows.some((row) => onEvent(block, row, of)))
}

describe('expressions over calls', () => {
  it.each([
    ['is:failed', FAILED, true],
    ['is:failed', BUSY, false],
    ['IS:Failed', FAILED, true],
    ['state:busy', BUSY, true],
    ['state=busy', BUSY, true],
    ['not state:busy', BUSY, false],
    ['-state:busy', FAILED, true],
    ['kind:registration', REGISTERED, true],
    ['kind:call', REGISTERED, false],
    ['is:failed from:otto', FAILED, true],
    ['is:failed from:alice', FAILED, false],
    ['is:failed and method:BYE', FAILED, false],
    ['is:failed method:INVITE', FAILED, true],
    ['state:busy or code:503', BUSY, true],
    ['state:busy or code:503', FAILED, true],
    ['state:ringing or code:200', BUSY, false],
    ['(state:busy or is:failed) user:otto', FAILED, true],
    ['not (is:failed or code:486)', BUSY, true],
    ['not (is:failed or method:INVITE)', BUSY, false],
  ])('%s', (text, script, expected) => {
    expect(passes(text, script)).toBe(expected)
  })

  it('name a value that there is not, at its place, with those that there are', () => {
    expect(parseCallExpression('from:a is:fialed')).toMatchObject({
      ok: false,
      at: 10,
      message: expect.stringContaining('there are failed, slow-setup'),
    })
    expect(parseCallExpression('state:')).toMatchObject({ ok: false, at: 6 })
  })

  it('are refused where single messages are looked at', () => {
    for (const field of ['is:failed', 'state:busy', 'kind:call']) {
      expect(parseExpression(`method:INVITE ${field}`)).toMatchObject({
        ok: false,
        at: 14,
        message: expect.stringContaining('is about whole calls'),
      })
    }
  })

  it('know every word that there is', () => {
    for (const [field, values] of Object.entries(CALL_VALUES)) {
      for (const value of values) expect(parseCallExpression(`${field}:${value}`).ok).toBe(true)
    }
  })
})
