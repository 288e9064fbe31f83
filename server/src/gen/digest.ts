import { createHash } from 'node:crypto'
import type { Random } from './random.ts'

/** What a server asks for in a 401 or 407. */
export interface DigestChallenge {
  readonly realm: string
  readonly nonce: string
}

export function randomChallenge(random: Random, realm: string): DigestChallenge {
  return { realm, nonce: random.hex(32) }
}

/** Value of WWW-Authenticate or Proxy-Authenticate. */
export function challengeValue({ realm, nonce }: DigestChallenge): string {
  return `Digest realm="${realm}", nonce="${nonce}", algorithm=MD5`
}

/**
 * Value of Authorization or Proxy-Authorization, without `qop`.
 * @see RFC 2617 section 3.2.2
 */
export function credentialsValue(
  challenge: DigestChallenge,
  user: string,
  password: string,
  method: string,
  uri: string,
): string {
  const { realm, nonce } = challenge
  const response = md5(`${md5(`${user}:${realm}:${password}`)}:${nonce}:${md5(`${method}:${uri}`)}`)
  return `Digest username="${user}", realm="${realm}", nonce="${nonce}", uri="${uri}", response="${response}", algorithm=MD5`
}

function md5(text: string): string {
  return createHash('md5').update(text).digest('hex')
}
