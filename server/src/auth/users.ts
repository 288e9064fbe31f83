import { randomBytes } from 'node:crypto'
import { join } from 'node:path'
import { z } from 'zod'
import { AccountError } from './account-error.ts'
import { JsonFile } from './json-file.ts'
import { hashPassword, randomPassword, verifyPassword } from './password.ts'

const storedUser = z.strictObject({
  username: z.string().min(1),
  admin: z.boolean(),
  /** Absent: the user logs in elsewhere. */
  passwordHash: z.string().optional(),
  /** Issuer and id of the user at the OpenID provider that vouches for it. */
  subject: z.string().optional(),
  enabled: z.boolean().default(true),
  email: z.string().default(''),
  name: z.string().default(''),
  /** Sessions carry it; another one ends them all. */
  stamp: z.string().default(''),
})
const userFile = z.strictObject({ users: z.array(storedUser) })
type StoredUser = z.infer<typeof storedUser>

/** A user without the secrets. */
export interface User {
  readonly username: string
  readonly admin: boolean
  /** False: may not log in, and no session counts. */
  readonly enabled: boolean
  readonly email: string
  /** To show to people; may be empty. */
  readonly name: string
  /** Logs in at an OpenID provider, not with a password. */
  readonly isExternal: boolean
  readonly stamp: string
}

export interface NewUser {
  readonly username: string
  readonly password: string
  readonly admin: boolean
  readonly enabled?: boolean | undefined
  readonly email?: string | undefined
  readonly name?: string | undefined
}

/** What is undefined stays as it is. */
export type UserChange = { readonly [K in Exclude<keyof NewUser, 'username'>]?: NewUser[K] | undefined }

/** Somebody for whom an OpenID provider vouches. */
export interface ExternalUser {
  /** Issuer and id there; never changes. */
  readonly subject: string
  /** Name wanted here, at the first login. */
  readonly username: string
  /** Undefined: the provider says nothing about it. */
  readonly admin: boolean | undefined
  readonly email: string
  readonly name: string
}

const FIRST_ADMIN = 'admin'
const MIN_PASSWORD_LENGTH = 8
const MAX_USERNAME_LENGTH = 256
/** More than people will make by hand; a bound for what a provider lets in. */
const MAX_USERS = 10_000
const STAMP_BYTES = 9

/** The users of one data directory, in `users.json`. Passwords are kept as scrypt hashes. */
export class UserStore {
  readonly #file: JsonFile<z.infer<typeof userFile>>
  /** Hash that a login of an unknown user is checked against, so that it takes as long as a known one's. */
  #decoyHash: Promise<string> | undefined

  /** @throws AccountError if the file is there and not readable as users */
  constructor(dataDir: string) {
    this.#file = new JsonFile<z.infer<typeof userFile>>(join(dataDir, 'users.json'), userFile, { users: [] })
    this.#file.read()
  }

  get list(): readonly User[] {
    return this.#users.map(withoutSecrets)
  }

  /**
   * Make the first admin where there is no user yet. A configured password also replaces the admin's later on,
   * so that a lost one can be reset.
   *
   * @param password empty: a random one
   * @returns the random password, to be shown once; undefined if none was made
   */
  async ensureAdmin(password: string): Promise<string | undefined> {
    const admin = this.#users.find((user) => user.username === FIRST_ADMIN)
    if (password !== '') {
      if (admin === undefined) await this.add({ username: FIRST_ADMIN, password, admin: true })
      else if (!(await verifyPassword(password, admin.passwordHash ?? ''))) await this.change(FIRST_ADMIN, { password })
      return undefined
    }
    if (this.#users.length > 0) return undefined
    const generated = randomPassword()
    await this.add({ username: FIRST_ADMIN, password: generated, admin: true })
    return generated
  }

  find(username: string): User | undefined {
    const stored = this.#users.find((user) => user.username === username)
    return stored === undefined ? undefined : withoutSecrets(stored)
  }

  /** The user, if name and password are right. Takes the same time whether or not the name exists. */
  async authenticate(username: string, password: string): Promise<User | undefined> {
    const stored = this.#users.find((user) => user.username === username)
    this.#decoyHash ??= hashPassword(randomPassword())
    const isRight = await verifyPassword(password, stored?.passwordHash ?? (await this.#decoyHash))
    return stored?.passwordHash !== undefined && stored.enabled && isRight ? withoutSecrets(stored) : undefined
  }

  /** @throws AccountError if the name is taken or unfit, the password is too short, or there are too many users */
  async add({ username, password, admin, enabled = true, email = '', name = '' }: NewUser): Promise<void> {
    checkPassword(password)
    const passwordHash = await hashPassword(password)
    this.#append({ username, admin, passwordHash, enabled, email, name, stamp: newStamp() })
  }

  /**
   * Change what is given. Another password, the loss of admin rights and being disabled end all sessions of the user.
   *
   * @throws AccountError if there is no such user, the password is too short, or no admin would be left
   */
  async change(username: string, { password, ...given }: UserChange): Promise<void> {
    if (password !== undefined) checkPassword(password)
    const passwordHash = password === undefined ? undefined : await hashPassword(password)
    const before = this.#stored(username)
    if (passwordHash !== undefined && before.subject !== undefined) {
      throw new AccountError('invalid', `"${username}" logs in at the OpenID provider and has no password here`)
    }
    const after: StoredUser = { ...before, ...withoutUndefined(given) }
    if (passwordHash !== undefined) after.passwordHash = passwordHash
    this.#replace(before, after)
  }

  /** @throws AccountError if there is no such user, or it is the last admin */
  remove(username: string): void {
    this.#stored(username)
    this.#save(this.#users.filter((user) => user.username !== username))
  }

  /**
   * The user for whom a provider vouches; made at the first login, its admin rights as the provider says.
   *
   * @throws AccountError if the name belongs to somebody else or is unfit, or there are too many users
   */
  enter({ subject, username, admin, email, name }: ExternalUser): User {
    const known = this.#users.find((user) => user.subject === subject)
    if (known === undefined) {
      // Kept for the one whom the configuration's password lets in.
      if (username === FIRST_ADMIN) throw new AccountError('invalid', `nobody of a provider can be "${FIRST_ADMIN}"`)
      this.#append({ username, subject, admin: admin ?? false, enabled: true, email, name, stamp: newStamp() })
      return this.#entered(username)
    }
    // The provider's word counts even if it leaves no admin: the command line can make one.
    this.#replace(known, { ...known, admin: admin ?? known.admin, email, name }, true)
    return this.#entered(known.username)
  }

  get #users(): readonly StoredUser[] {
    return this.#file.read().users
  }

  #entered(username: string): User {
    return withoutSecrets(this.#stored(username))
  }

  #stored(username: string): StoredUser {
    const stored = this.#users.find((user) => user.username === username)
    if (stored === undefined) throw new AccountError('missing', `there is no user "${username}"`)
    return stored
  }

  #append(user: StoredUser): void {
    checkName(user.username)
    if (this.find(user.username) !== undefined) {
      throw new AccountError('invalid', `there is a user "${user.username}" already`)
    }
    if (this.#users.length >= MAX_USERS) throw new AccountError('invalid', `there are ${MAX_USERS} users already`)
    this.#save([...this.#users, user])
  }

  #replace(before: StoredUser, after: StoredUser, mayLoseLastAdmin = false): void {
    if (JSON.stringify(before) === JSON.stringify(after)) return
    const endsSessions =
      before.passwordHash !== after.passwordHash || (before.admin && !after.admin) || (before.enabled && !after.enabled)
    const user = endsSessions ? { ...after, stamp: newStamp() } : after
    this.#save(
      this.#users.map((one) => (one.username === before.username ? user : one)),
      mayLoseLastAdmin,
    )
  }

  #save(users: readonly StoredUser[], mayLoseLastAdmin = false): void {
    if (!mayLoseLastAdmin && this.#users.some(isActiveAdmin) && !users.some(isActiveAdmin)) {
      throw new AccountError('invalid', 'this is the last admin; make another one first')
    }
    this.#file.write({ users: [...users] })
  }
}

function withoutSecrets({ username, admin, enabled, email, name, subject, stamp }: StoredUser): User {
  return { username, admin, enabled, email, name, isExternal: subject !== undefined, stamp }
}

function isActiveAdmin({ admin, enabled }: StoredUser): boolean {
  return admin && enabled
}

function newStamp(): string {
  return randomBytes(STAMP_BYTES).toString('base64url')
}

/** A name is part of URLs and log lines. */
function checkName(username: string): void {
  if (username === '') throw new AccountError('invalid', 'the user name is empty')
  if (username.length > MAX_USERNAME_LENGTH) {
    throw new AccountError('invalid', `the user name is longer than ${MAX_USERNAME_LENGTH} characters`)
  }
  if (/\p{Cc}|^\s|\s$|^\.{1,2}$/u.test(username)) {
    throw new AccountError('invalid', 'a user name has no control characters and no spaces around it, and is no "."')
  }
}

function checkPassword(password: string): void {
  if (password.length < MIN_PASSWORD_LENGTH) {
    throw new AccountError(
      'invalid',
      `the password has ${password.length} characters; ${MIN_PASSWORD_LENGTH} are needed`,
    )
  }
}

function withoutUndefined<T extends object>(given: T): { [K in keyof T]?: Exclude<T[K], undefined> } {
  return Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined)) as {
    [K in keyof T]?: Exclude<T[K], undefined>
  }
}
