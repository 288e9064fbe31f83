import { describe, expect, it } from 'vitest'
import { maskWords } from '../../../src/app/privacy/mask-words.ts'
import { maskerOf } from '../../../src/app/privacy/masker.ts'

const masker = maskerOf('0123456789abcdeffedcba9876543210')
const SECRETS = /10\.0\.0\.1|2001|sbc|example|\+?4930|alice|kamailio/

describe('maskWords', () => {
  it.each([
    'connect ECONNREFUSED 10.0.0.1:9060',
    'node fra did not answer: getaddrinfo ENOTFOUND sbc.example.com.',
    'kamailio:5060 (sips:alice@example.com) is not [2001:db8::1]:5060',
    'calls of +493012345, alice@example.com, <tel:+493012345>',
  ])('leaves no host and no number in "%s"', (text) => {
    expect(maskWords(text, masker)).not.toMatch(SECRETS)
  })

  it('leaves the words and the counts', () => {
    const text = 'node fra gave only a part: 1,204,311 rows at 14:03:07, after 5000 ms; “Try again” (HTTP 503)'
    expect(maskWords(text, masker)).toBe(text)
  })
})
