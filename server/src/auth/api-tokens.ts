import { createHash, randomBytes, timingSafeEqual } from 'node:crypto'
import { join } from 'node:path'
import { z } from 'zod'
import { AccountError } from './account-error.ts'
import { JsonFile } from './json-file.ts'
import type { Session } from './sessions.ts'

const storedToken = z.strictObject({
  id: z.string().min(1),
  name: z.string().min(1),
  admin: z.boolean(),
  /** SHA-256 of the secret, hex. It is 256 random bits, so a slow hash would protect it no better. */
  hash: z.string(),
  createdBy: z.string(),
  /** ISO times. */
  createdAt: z.string(),
  expiresAt: z.string().optional(),
  active: z.boolean().default(true),
  /** Requests that it is good for; 0: any number. */
  limitCalls: z.int().min(0).default(0),
})
const tokenFile = z.strictObject({ tokens: z.array(storedToken) })
type StoredToken = z.infer<typeof storedToken>

const storedUsage = z.record(z.string(), z.strictObject({ calls: z.int().min(0), lastUsedAt: z.string() }))
type Usage = z.infer<typeof storedUsage>

/** An API token without its secret. */
export interface ApiToken extends Omit<StoredToken, 'hash'> {
  readonly calls: number
  readonly lastUsedAt: string | undefined
}

export interface NewToken {
  readonly name: string
  readonly admin: boolean
  readonly createdBy: string
  /** Undefined: it never expires. */
  readonly expiresAt: Date | undefined
  readonly active?: boolean | undefined
  readonly limitCalls?: number | undefined
}

export interface TokenChange {
  readonly name?: string | undefined
  /** `never` takes the end away. */
  readonly expiresAt?: Date | 'never' | undefined
  readonly active?: boolean | undefined
  readonly limitCalls?: number | undefined
}

const ID_BYTES = 6
const SECRET_BYTES = 32
const MAX_TOKENS = 1000
const MAX_NAME_LENGTH = 128
/** How often what was used is written down, ms. */
const USAGE_INTERVAL_MS = 5000
const DEFAULT_LIFE_MS = 365 * 24 * 3600 * 1000

/** Form of a token: a prefix that scanners can look for, an id that logs may show, and the secret. */
const TOKEN = /^hepscope_([0-9a-f]{12})_([\w-]{43})$/

/**
 * The API tokens of one data directory: `api-tokens.json`, which the command line may change, and
 * `api-token-usage.json`, which only the server writes.
 */
export class ApiTokenStore {
  readonly #file: JsonFile<z.infer<typeof tokenFile>>
  readonly #usageFile: JsonFile<Usage>
  /** Newer than the file, by id. */
  readonly #unsaved = new Map<string, Usage[string]>()
  #saving: NodeJS.Timeout | undefined

  /** @throws AccountError if one of the files is there and not readable */
  constructor(dataDir: string) {
    this.#file = new JsonFile<z.infer<typeof tokenFile>>(join(dataDir, 'api-tokens.json'), tokenFile, { tokens: [] })
    this.#usageFile = new JsonFile<Usage>(join(dataDir, 'api-token-usage.json'), storedUsage, {})
    this.#file.read()
    this.#usageFile.read()
  }

  get list(): readonly ApiToken[] {
    return this.#tokens.map((token) => this.#withUsage(token))
  }

  find(id: string): ApiToken | undefined {
    const token = this.#tokens.find((one) => one.id === id)
    return token === undefined ? undefined : this.#withUsage(token)
  }

  /**
   * Make a token.
   *
   * @returns its text, which is shown once and kept nowhere
   * @throws AccountError if the name is taken or unfit, the end has passed, or there are too many
   */
  add({ name, admin, createdBy, expiresAt, active = true, limitCalls = 0 }: NewToken): { id: string; text: string } {
    this.#checkName(name)
    checkEnd(expiresAt)
    if (this.#tokens.length >= MAX_TOKENS) throw new AccountError('invalid', `there are ${MAX_TOKENS} tokens already`)
    const id = randomBytes(ID_BYTES).toString('hex')
    const secret = randomBytes(SECRET_BYTES).toString('base64url')
    const token: StoredToken = {
      id,
      name,
      admin,
      hash: hashOf(secret).toString('hex'),
      createdBy,
      createdAt: new Date().toISOString(),
      ...(expiresAt !== undefined && { expiresAt: expiresAt.toISOString() }),
      active,
      limitCalls,
    }
    this.#file.write({ tokens: [...this.#tokens, token] })
    return { id, text: `hepscope_${id}_${secret}` }
  }

  /** @throws AccountError if there is no such token, the name is taken or unfit, or the end has passed */
  change(id: string, { name, expiresAt, active, limitCalls }: TokenChange): void {
    const before = this.#stored(id)
    if (name !== undefined && name !== before.name) this.#checkName(name)
    const after: StoredToken = {
      ...before,
      name: name ?? before.name,
      active: active ?? before.active,
      limitCalls: limitCalls ?? before.limitCalls,
    }
    if (expiresAt === 'never') delete after.expiresAt
    else if (expiresAt !== undefined) {
      checkEnd(expiresAt)
      after.expiresAt = expiresAt.toISOString()
    }
    this.#file.write({ tokens: this.#tokens.map((token) => (token.id === id ? after : token)) })
  }

  /** @throws AccountError if there is no such token */
  remove(id: string): void {
    this.#stored(id)
    this.#file.write({ tokens: this.#tokens.filter((token) => token.id !== id) })
  }

  /** Who the text of a token stands for; undefined if it is none, or none that counts. Each success is a use of it. */
  verify(text: string): Session | undefined {
    const [, id = '', secret = ''] = TOKEN.exec(text) ?? []
    const token = this.#tokens.find((one) => one.id === id)
    if (token === undefined || !timingSafeEqual(hashOf(secret), Buffer.from(token.hash, 'hex'))) return undefined
    const { calls } = this.#withUsage(token)
    if (!isGood(token) || (token.limitCalls > 0 && calls >= token.limitCalls)) return undefined
    this.#unsaved.set(id, { calls: calls + 1, lastUsedAt: new Date().toISOString() })
    this.#saving ??= setTimeout(() => this.#saveUsage(), USAGE_INTERVAL_MS).unref()
    const expiresAt = token.expiresAt === undefined ? undefined : Date.parse(token.expiresAt) / 1000
    return { kind: 'token', username: token.name, admin: token.admin, jti: id, expiresAt }
  }

  /** True while the token that a session came from counts and has not lost a right. */
  isCurrent(session: Session): boolean {
    const token = this.#tokens.find((one) => one.id === session.jti)
    return token !== undefined && isGood(token) && (token.admin || !session.admin)
  }

  /** Write down what was used. */
  close(): void {
    if (this.#saving !== undefined) this.#saveUsage()
  }

  get #tokens(): readonly StoredToken[] {
    return this.#file.read().tokens
  }

  #stored(id: string): StoredToken {
    const token = this.#tokens.find((one) => one.id === id)
    if (token === undefined) throw new AccountError('missing', `there is no token "${id}"`)
    return token
  }

  #withUsage({ hash: _hash, ...token }: StoredToken): ApiToken {
    const usage = this.#unsaved.get(token.id) ?? this.#usageFile.read()[token.id]
    return { ...token, calls: usage?.calls ?? 0, lastUsedAt: usage?.lastUsedAt }
  }

  #checkName(name: string): void {
    if (name.trim() === '' || name.length > MAX_NAME_LENGTH || /\p{Cc}/u.test(name)) {
      throw new AccountError('invalid', `a token's name has 1 to ${MAX_NAME_LENGTH} characters, none of them control`)
    }
    if (this.#tokens.some((token) => token.name === name)) {
      throw new AccountError('invalid', `there is a token "${name}" already`)
    }
  }

  #saveUsage(): void {
    clearTimeout(this.#saving)
    this.#saving = undefined
    const known = new Set(this.#tokens.map(({ id }) => id))
    const all = { ...this.#usageFile.read(), ...Object.fromEntries(this.#unsaved) }
    this.#usageFile.write(Object.fromEntries(Object.entries(all).filter(([id]) => known.has(id))))
    this.#unsaved.clear()
  }
}

function hashOf(secret: string): Buffer {
  return createHash('sha256').update(secret).digest()
}

function isGood({ active, expiresAt }: StoredToken): boolean {
  return active && (expiresAt === undefined || Date.parse(expiresAt) > Date.now())
}

function checkEnd(expiresAt: Date | undefined): void {
  if (expiresAt !== undefined && !(expiresAt.getTime() > Date.now())) {
    throw new AccountError('invalid', 'the token would have expired already')
  }
}

/** End of a token for which nobody asked for another: in a year. */
export function defaultTokenEnd(): Date {
  return new Date(Date.now() + DEFAULT_LIFE_MS)
}
