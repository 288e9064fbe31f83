import { readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { z } from 'zod'
import { writeFileAtomic } from './atomic-file.ts'
import { hashPassword, randomPassword, verifyPassword } from './password.ts'

export interface User {
  readonly username: string
  readonly admin: boolean
}

const userFile = z.strictObject({
  users: z.array(z.strictObject({ username: z.string().min(1), admin: z.boolean(), passwordHash: z.string() })),
})
type StoredUser = z.infer<typeof userFile>['users'][number]

const FIRST_ADMIN = 'admin'
const MIN_PASSWORD_LENGTH = 8

/** A user that cannot be added or changed; the message says why. */
export class UserError extends Error {
  override readonly name = 'UserError'
}

/** The users of one data directory, in `users.json`. Passwords are kept as scrypt hashes. */
export class UserStore {
  readonly #path: string
  #users: StoredUser[] = []
  /** `mtime` of the file when it was last read, ms; 0 if there was none. */
  #readAtMs = 0
  /** Hash that a login of an unknown user is checked against, so that it takes as long as a known one's. */
  #decoyHash: Promise<string> | undefined

  /** @throws UserError if the file is there and not readable as users */
  constructor(dataDir: string) {
    this.#path = join(dataDir, 'users.json')
    this.#refresh()
  }

  get list(): readonly User[] {
    this.#refresh()
    return this.#users.map(({ username, admin }) => ({ username, admin }))
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
      if (admin === undefined) await this.add(FIRST_ADMIN, password, true)
      else if (!(await verifyPassword(password, admin.passwordHash))) await this.setPassword(FIRST_ADMIN, password)
      return undefined
    }
    if (this.#users.length > 0) return undefined
    const generated = randomPassword()
    await this.add(FIRST_ADMIN, generated, true)
    return generated
  }

  find(username: string): User | undefined {
    return this.list.find((user) => user.username === username)
  }

  /** The user, if name and password are right. Takes the same time whether or not the name exists. */
  async authenticate(username: string, password: string): Promise<User | undefined> {
    this.#refresh()
    const stored = this.#users.find((user) => user.username === username)
    this.#decoyHash ??= hashPassword(randomPassword())
    const isRight = await verifyPassword(password, stored?.passwordHash ?? (await this.#decoyHash))
    return stored !== undefined && isRight ? { username, admin: stored.admin } : undefined
  }

  /** @throws UserError if the name is taken or empty, or the password is too short */
  async add(username: string, password: string, admin: boolean): Promise<void> {
    if (username === '') throw new UserError('the user name is empty')
    if (this.find(username) !== undefined) throw new UserError(`there is a user "${username}" already`)
    checkPassword(password)
    this.#save([...this.#users, { username, admin, passwordHash: await hashPassword(password) }])
  }

  /** @throws UserError if there is no such user, or the password is too short */
  async setPassword(username: string, password: string): Promise<void> {
    if (this.find(username) === undefined) throw new UserError(`there is no user "${username}"`)
    checkPassword(password)
    const passwordHash = await hashPassword(password)
    this.#save(this.#users.map((user) => (user.username === username ? { ...user, passwordHash } : user)))
  }

  /** @throws UserError if there is no such user */
  remove(username: string): void {
    if (this.find(username) === undefined) throw new UserError(`there is no user "${username}"`)
    this.#save(this.#users.filter((user) => user.username !== username))
  }

  #save(users: StoredUser[]): void {
    writeFileAtomic(this.#path, `${JSON.stringify({ users }, undefined, 2)}\n`)
    this.#refresh()
  }

  /** Read the file again if another process, e.g. `hepscope user`, has written it. */
  #refresh(): void {
    const changedAtMs = statSync(this.#path, { throwIfNoEntry: false })?.mtimeMs ?? 0
    if (changedAtMs === this.#readAtMs) return
    this.#users = changedAtMs === 0 ? [] : readUsers(this.#path)
    this.#readAtMs = changedAtMs
  }
}

function checkPassword(password: string): void {
  if (password.length < MIN_PASSWORD_LENGTH) {
    throw new UserError(`the password has ${password.length} characters; ${MIN_PASSWORD_LENGTH} are needed`)
  }
}

function readUsers(path: string): StoredUser[] {
  try {
    return userFile.parse(JSON.parse(readFileSync(path, 'utf8'))).users
  } catch (error) {
    throw new UserError(`${path} is not a user file: ${error instanceof Error ? error.message : String(error)}`)
  }
}
