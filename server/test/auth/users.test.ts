import { mkdtempSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { beforeEach, describe, expect, it, vi } from 'vitest'
import { AccountError } from '../../src/auth/account-error.ts'
import { LoginLimiter } from '../../src/auth/login-limiter.ts'
import { SessionStore } from '../../src/auth/sessions.ts'
import { type User, UserStore } from '../../src/auth/users.ts'

let dir = ''
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'hepscope-users-'))
})

const CAROL = { username: 'carol', password: 'correct horse', admin: false }

describe('UserStore', () => {
  it('makes a first admin with a random password, once', async () => {
    const password = await new UserStore(dir).ensureAdmin('')
    expect(password).toMatch(/^[a-z0-9]{20}$/)
    const again = new UserStore(dir)
    expect(await again.ensureAdmin('')).toBeUndefined()
    expect(await again.authenticate('admin', password ?? '')).toMatchObject({ username: 'admin', admin: true })
    expect(await again.authenticate('admin', 'wrong password')).toBeUndefined()
    expect(await again.authenticate('nobody', password ?? '')).toBeUndefined()
  })

  it('resets the password of the admin to a configured one', async () => {
    await new UserStore(dir).ensureAdmin('')
    const users = new UserStore(dir)
    await users.ensureAdmin('a new password')
    expect(await users.authenticate('admin', 'a new password')).toBeDefined()
  })

  it('keeps no password in clear, in a file that only its owner reads', async () => {
    await new UserStore(dir).add(CAROL)
    expect(readFileSync(join(dir, 'users.json'), 'utf8')).not.toContain('correct horse')
    expect(statSync(join(dir, 'users.json')).mode & 0o077).toBe(0)
  })

  it('sees what another process has changed, however soon after', async () => {
    const running = new UserStore(dir)
    const other = new UserStore(dir)
    await other.add(CAROL)
    expect(running.find('carol')).toMatchObject({ username: 'carol', admin: false })
    for (const email of ['a', 'b', 'c', 'd']) {
      await other.change('carol', { email })
      expect(running.find('carol')?.email).toBe(email)
    }
    other.remove('carol')
    expect(running.find('carol')).toBeUndefined()
  })

  it('reads the file of an older version', async () => {
    await new UserStore(dir).add(CAROL)
    const { users } = JSON.parse(readFileSync(join(dir, 'users.json'), 'utf8')) as { users: [{ passwordHash: string }] }
    const old = { users: [{ username: 'carol', admin: true, passwordHash: users[0].passwordHash }] }
    writeFileSync(join(dir, 'users.json'), JSON.stringify(old))
    expect(await new UserStore(dir).authenticate('carol', 'correct horse')).toMatchObject({
      admin: true,
      enabled: true,
    })
  })

  it('refuses short passwords, names that are taken, and names that are not there', async () => {
    const users = new UserStore(dir)
    await users.add(CAROL)
    await expect(users.add({ ...CAROL, username: 'dave', password: 'short' })).rejects.toThrow(AccountError)
    await expect(users.add(CAROL)).rejects.toThrow('already')
    await expect(users.change('erin', { password: 'correct horse' })).rejects.toThrow('no user')
    expect(() => users.remove('erin')).toThrow('no user')
  })

  it('says so if the file is no user file, at the start and later', () => {
    writeFileSync(join(dir, 'users.json'), '{"users": 1}')
    expect(() => new UserStore(dir)).toThrow('users.json is not what it should be')
    writeFileSync(join(dir, 'users.json'), '{"users": []}')
    const users = new UserStore(dir)
    writeFileSync(join(dir, 'users.json'), '{"users": ')
    expect(() => users.find('admin')).toThrow('users.json is not what it should be')
  })

  it('takes the admin rights from the last admin if the provider says so', () => {
    const users = new UserStore(dir)
    const external = { subject: 'issuer 7', username: 'carol', email: '', name: '' }
    expect(users.enter({ ...external, admin: true })).toMatchObject({
      username: 'carol',
      admin: true,
      isExternal: true,
    })
    expect(users.enter({ ...external, admin: undefined })).toMatchObject({ admin: true })
    expect(users.enter({ ...external, admin: false })).toMatchObject({ admin: false })
  })
})

describe('SessionStore', () => {
  const userOf = (users: UserStore): User => {
    const user = users.find('carol')
    if (user === undefined) throw new Error('no carol')
    return user
  }

  it('takes back a session for good, and a removed user with all sessions', async () => {
    const users = new UserStore(dir)
    await users.add({ ...CAROL, admin: true })
    await users.add({ ...CAROL, username: 'dave', admin: true })
    const sessions = new SessionStore(dir, users, '', 1)
    const token = await sessions.issue(userOf(users))
    const other = await sessions.issue(userOf(users))
    const session = await sessions.verify(token)
    expect(session).toMatchObject({ kind: 'login', username: 'carol', admin: true })
    if (session !== undefined) sessions.revoke(session)
    expect(await sessions.verify(token)).toBeUndefined()
    const restarted = new SessionStore(dir, users, '', 1)
    expect(await restarted.verify(token)).toBeUndefined()
    expect(await restarted.verify(other)).toBeDefined()
    users.remove('carol')
    expect(await restarted.verify(other)).toBeUndefined()
  })

  it('refuses tokens of another key and unsigned ones', async () => {
    const users = new UserStore(dir)
    await users.add(CAROL)
    const sessions = new SessionStore(dir, users, 'one secret that is long enough', 1)
    const foreign = await new SessionStore(dir, users, 'another secret that is long', 1).issue(userOf(users))
    expect(await sessions.verify(foreign)).toBeUndefined()
    const [, payload] = foreign.split('.')
    const none = Buffer.from('{"alg":"none"}').toString('base64url')
    expect(await sessions.verify(`${none}.${payload}.`)).toBeUndefined()
    expect(await sessions.verify('garbage')).toBeUndefined()
  })

  it('gives no more rights than the user has now, whatever the token says', async () => {
    const users = new UserStore(dir)
    await users.add(CAROL)
    const sessions = new SessionStore(dir, users, '', 1)
    const token = await sessions.issue({ ...userOf(users), admin: true })
    expect(await sessions.verify(token)).toMatchObject({ admin: false })
  })
})

describe('LoginLimiter', () => {
  it('lets the sixth failure of a minute wait, and forgets after it', async () => {
    const limiter = new LoginLimiter()
    const fail = (name: string, address: string) => limiter.try(name, address, async () => undefined)
    vi.useFakeTimers({ now: 0, toFake: ['Date'] })
    try {
      for (let i = 0; i < 5; i++) {
        vi.setSystemTime(i * 1000)
        expect(await fail('admin', '10.0.0.1')).toEqual({ value: undefined })
      }
      vi.setSystemTime(5000)
      expect(await fail('Admin', '10.0.0.1')).toEqual({ waitSeconds: 55 })
      expect(await fail('admin', '10.0.0.2')).toEqual({ value: undefined })
      vi.setSystemTime(60_001)
      expect(await limiter.try('admin', '10.0.0.1', async () => 'in')).toEqual({ value: 'in' })
      for (let i = 0; i < 5; i++) expect(await fail('admin', '10.0.0.1')).toEqual({ value: undefined })
    } finally {
      vi.useRealTimers()
    }
  })

  it('goes on after a try that threw', async () => {
    const limiter = new LoginLimiter()
    await expect(limiter.try('a', 'b', () => Promise.reject(new Error('no file')))).rejects.toThrow('no file')
    expect(await limiter.try('a', 'b', async () => 1)).toEqual({ value: 1 })
  })
})
