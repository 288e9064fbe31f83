import { randomBytes } from 'node:crypto'
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { errors, jwtVerify, SignJWT } from 'jose'
import { z } from 'zod'
import { writeFileAtomic } from './atomic-file.ts'
import type { User, UserStore } from './users.ts'

const ISSUER = 'homer-core'
const ALGORITHM = 'HS256'
const SECRET_BYTES = 32
/** Sessions that are remembered as ended; by then the oldest have expired by themselves. */
const MAX_REVOKED = 10_000

/** Who a valid credential stands for. */
export interface Session {
  /** A user who logged in, or an API token. */
  readonly kind: 'login' | 'token'
  /** Name of the user, or of the token. */
  readonly username: string
  readonly admin: boolean
  /** Id of the login, or of the token. */
  readonly jti: string
  /** Seconds since 1970; undefined: never. */
  readonly expiresAt: number | undefined
  /** The user's stamp when the session began; undefined where the token was not made here. */
  readonly stamp?: string | undefined
}

const claims = z.object({
  username: z.string(),
  admin: z.boolean(),
  jti: z.string(),
  exp: z.number(),
  stamp: z.string().optional(),
})
const revokedFile = z.array(z.tuple([z.string(), z.number()]))

/**
 * Issues, verifies and ends the sessions of users. A session is a JWT (HS256) with the claims of the original and
 * `stamp`, which ties it to the user's password and rights.
 */
export class SessionStore {
  readonly #users: UserStore
  readonly #key: Uint8Array
  readonly #expireSeconds: number
  readonly #revokedPath: string
  /** jti -> when its token would have expired. */
  readonly #revoked: Map<string, number>

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

  /** The secret that signs sessions; other keys may be derived from it. */
  get key(): Uint8Array {
    return this.#key
  }

  async issue({ username, admin, stamp }: User): Promise<string> {
    return new SignJWT({ username, admin, stamp })
      .setProtectedHeader({ alg: ALGORITHM, typ: 'JWT' })
      .setIssuer(ISSUER)
      .setIssuedAt()
      .setJti(randomBytes(16).toString('hex'))
      .setExpirationTime(`${this.#expireSeconds}s`)
      .sign(this.#key)
  }

  /**
   * The session of a token, or undefined if it is not valid: bad signature, expired, ended, or its user is gone,
   * disabled or changed.
   *
   * @throws AccountError if the users cannot be read
   */
  async verify(token: string): Promise<Session | undefined> {
    const payload = await this.#payloadOf(token)
    const { data } = claims.safeParse(payload)
    if (data === undefined) return undefined
    const { username, jti, exp, stamp } = data
    const admin = data.admin && this.#users.find(username)?.admin === true
    const session: Session = { kind: 'login', username, admin, jti, expiresAt: exp, stamp }
    return this.isCurrent(session) ? session : undefined
  }

  /**
   * True while a session counts: not expired, not ended, and its user still there with the same rights.
   *
   * @throws AccountError if the users cannot be read
   */
  isCurrent({ username, admin, jti, expiresAt = Infinity, stamp }: Session): boolean {
    if (this.#revoked.has(jti) || expiresAt * 1000 <= Date.now()) return false
    const user = this.#users.find(username)
    return user?.enabled === true && (user.admin || !admin) && (stamp === undefined || stamp === user.stamp)
  }

  /** End a session before its time, for good. */
  revoke({ jti, expiresAt = Infinity }: Session): void {
    const nowSeconds = Date.now() / 1000
    for (const [old, oldEnd] of this.#revoked) {
      if (oldEnd < nowSeconds || this.#revoked.size >= MAX_REVOKED) this.#revoked.delete(old)
    }
    this.#revoked.set(jti, expiresAt)
    writeFileAtomic(this.#revokedPath, JSON.stringify([...this.#revoked]))
  }

  async #payloadOf(token: string): Promise<unknown> {
    try {
      return (await jwtVerify(token, this.#key, { issuer: ISSUER, algorithms: [ALGORITHM] })).payload
    } catch (error) {
      if (error instanceof errors.JOSEError) return undefined
      throw error
    }
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
