import { randomBytes } from 'node:crypto'
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { jwtVerify, SignJWT } from 'jose'
import { z } from 'zod'
import { writeFileAtomic } from './atomic-file.ts'
import type { User, UserStore } from './users.ts'

const ISSUER = 'homer-core'
const ALGORITHM = 'HS256'
const SECRET_BYTES = 32
/** Sessions that are remembered as ended; by then the oldest have expired by themselves. */
const MAX_REVOKED = 10_000

/** Who a valid token stands for. */
export interface Session extends User {
  /** Id of the session. */
  readonly jti: string
  /** Seconds since 1970. */
  readonly expiresAt: number
}

const claims = z.object({
  username: z.string(),
  admin: z.boolean(),
  jti: z.string(),
  exp: z.number(),
})
const revokedFile = z.array(z.tuple([z.string(), z.number()]))

/** Issues, verifies and ends sessions. A session is a JWT (HS256) with the claims of the original. */
export class SessionStore {
  readonly #users: UserStore
  readonly #key: Uint8Array
  readonly #expireSeconds: number
  readonly #revokedPath: string
  /** jti -> when its token would have expired. */
  readonly #revoked: Map<string, number>
  readonly #onRevoked = new Set<(jti: string) => void>()

  /** @param secret empty: a random one is made and kept in the data directory */
  constructor(dataDir: string, users: UserStore, secret: string, expireHours: number) {
    this.#users = users
    this.#key = new TextEncoder().encode(secret === '' ? ownSecret(join(dataDir, '.homer_jwt_secret')) : secret)
    this.#expireSeconds = expireHours * 3600
    this.#revokedPath = join(dataDir, 'revoked-sessions.json')
    this.#revoked = readRevoked(this.#revokedPath)
  }

  get expireSeconds(): number {
    return this.#expireSeconds
  }

  async issue(user: User): Promise<string> {
    return new SignJWT({ username: user.username, admin: user.admin })
      .setProtectedHeader({ alg: ALGORITHM, typ: 'JWT' })
      .setIssuer(ISSUER)
      .setIssuedAt()
      .setJti(randomBytes(16).toString('hex'))
      .setExpirationTime(`${this.#expireSeconds}s`)
      .sign(this.#key)
  }

  /**
   * The session of a token, or undefined if it is not valid: bad signature, expired, ended, or its user is gone.
   * Admin rights are those the user has now, if the token has them too.
   */
  async verify(token: string): Promise<Session | undefined> {
    try {
      const { payload } = await jwtVerify(token, this.#key, { issuer: ISSUER, algorithms: [ALGORITHM] })
      const { username, admin, jti, exp } = claims.parse(payload)
      const user = this.#users.find(username)
      if (user === undefined || this.#revoked.has(jti)) return undefined
      return { username, admin: admin && user.admin, jti, expiresAt: exp }
    } catch {
      return undefined
    }
  }

  /** End a session before its time, for good. */
  revoke(session: Session): void {
    const nowSeconds = Date.now() / 1000
    for (const [jti, expiresAt] of this.#revoked) {
      if (expiresAt < nowSeconds || this.#revoked.size >= MAX_REVOKED) this.#revoked.delete(jti)
    }
    this.#revoked.set(session.jti, session.expiresAt)
    writeFileAtomic(this.#revokedPath, JSON.stringify([...this.#revoked]))
    for (const listener of this.#onRevoked) listener(session.jti)
  }

  /** Hear of each session that is ended; returns how to stop. */
  onRevoked(listener: (jti: string) => void): () => void {
    this.#onRevoked.add(listener)
    return () => this.#onRevoked.delete(listener)
  }
}

function ownSecret(path: string): string {
  if (existsSync(path)) return readFileSync(path, 'utf8').trim()
  const secret = randomBytes(SECRET_BYTES).toString('hex')
  writeFileAtomic(path, `${secret}\n`)
  return secret
}

function readRevoked(path: string): Map<string, number> {
  if (!existsSync(path)) return new Map()
  return new Map(revokedFile.parse(JSON.parse(readFileSync(path, 'utf8'))))
}
