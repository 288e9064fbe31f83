import { mkdtempSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { beforeEach, describe, expect, it } from 'vitest'
import { LoginLimiter } from '../../src/auth/login-limiter.ts'
import { SessionStore } from '../../src/auth/sessions.ts'
import { UserError, UserStore } from '../../src/auth/users.ts'

let dir = ''
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'hepscope-users-'))
})

describe('UserStore', () => {
  it('makes a first admin with a random password, once', async () => {
    const password = await new UserStore(dir).ensureAdmin('')
    expect(password).toMatch(/^[a-z0-9]{20}$/)
    const again = new UserStore(dir)
    expect(await again.ensureAdmin('')).toBeUndefined()
    expect(await again.authenticate('admin', password ?? '')).toEqual({ username: 'admin', admin: true })
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
    await new UserStore(dir).add('carol', 'correct horse', false)
    expect(readFileSync(join(dir, 'users.json'), 'utf8')).not.toContain('correct horse')
    expect(statSync(join(dir, 'users.json')).mode & 0o077).toBe(0)
  })

  it('sees what another process has changed', async () => {
    const running = new UserStore(dir)
    await new UserStore(dir).add('carol', 'correct horse', false)
    expect(running.find('carol')).toEqual({ username: 'carol', admin: false })
  })

  it('refuses short passwords, names that are taken, and names that are not there', async () => {
    const users = new UserStore(dir)
    await users.add('carol', 'correct horse', false)
    await expect(users.add('dave', 'short', false)).rejects.toThrow(UserError)
    await expect(users.add('carol', 'correct horse', false)).rejects.toThrow('already')
    await expect(users.setPassword('erin', 'correct horse')).rejects.toThrow('no user')
    expect(() => users.remove('erin')).toThrow('no user')
  })

  it('says so if the file is no user file', () => {
    writeFileSync(join(dir, 'users.json'), '{"users": 1}')
    expect(() => new UserStore(dir)).toThrow('users.json is not a user file')
  })
})

describe('SessionStore', () => {
  it('takes back a session for good, and a removed user with all sessions', async () => {
    const users = new UserStore(dir)
    await users.add('carol', 'correct horse', true)
    const sessions = new SessionStore(dir, users, '', 1)
    const token = await sessions.issue({ username: 'carol', admin: true })
    const other = await sessions.issue({ username: 'carol', admin: true })
    const session = await sessions.verify(token)
    expect(session).toMatchObject({ username: 'carol', admin: true })
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
    await users.add('carol', 'correct horse', true)
    const sessions = new SessionStore(dir, users, 'one secret that is long enough', 1)
    const foreign = await new SessionStore(dir, users, 'another secret that is long', 1).issue({
      username: 'carol',
      admin: true,
    })
    expect(await sessions.verify(foreign)).toBeUndefined()
    const [, payload] = foreign.split('.')
    const none = Buffer.from('{"alg":"none"}').toString('base64url')
    expect(await sessions.verify(`${none}.${payload}.`)).toBeUndefined()
    expect(await sessions.verify('garbage')).toBeUndefined()
  })
})

describe('LoginLimiter', () => {
  it('lets the sixth failure of a minute wait, and forgets after it', () => {
    const limiter = new LoginLimiter()
    for (let i = 0; i < 5; i++) {
      expect(limiter.waitSeconds('admin', '10.0.0.1', i * 1000)).toBe(0)
      limiter.recordFailure('admin', '10.0.0.1', i * 1000)
    }
    expect(limiter.waitSeconds('Admin', '10.0.0.1', 5000)).toBe(55)
    expect(limiter.waitSeconds('admin', '10.0.0.2', 5000)).toBe(0)
    expect(limiter.waitSeconds('admin', '10.0.0.1', 60_001)).toBe(0)
    limiter.recordSuccess('admin', '10.0.0.1')
    expect(limiter.waitSeconds('admin', '10.0.0.1', 5000)).toBe(0)
  })
})
