import { mkdtempSync, readFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { ApiTokenStore } from '../../src/auth/api-tokens.ts'
import { UserStore } from '../../src/auth/users.ts'
import { UsageError } from '../../src/cli/arguments.ts'
import type { Command } from '../../src/cli/command.ts'
import { tokenCommand } from '../../src/cli/token.ts'
import { userCommand } from '../../src/cli/user.ts'

const DAY_MS = 24 * 3600 * 1000
let dir = ''

beforeEach(() => {
  // Not there yet, as before the first start of a server.
  dir = join(mkdtempSync(join(tmpdir(), 'hepscope-cli-')), 'data')
  vi.stubEnv('HEPSCOPE_DATA_DIR', dir)
})
afterEach(() => {
  vi.unstubAllEnvs()
  vi.restoreAllMocks()
})

/** Run a command; what it printed, and its exit code. */
async function run(command: Command, ...args: string[]): Promise<{ code: number; out: string; err: string }> {
  const printed = { out: '', err: '' }
  const stdout = vi.spyOn(process.stdout, 'write').mockImplementation((text) => ((printed.out += String(text)), true))
  const stderr = vi.spyOn(process.stderr, 'write').mockImplementation((text) => ((printed.err += String(text)), true))
  try {
    return { code: await command.run(args), ...printed }
  } finally {
    stdout.mockRestore()
    stderr.mockRestore()
  }
}

describe('hepscope token', () => {
  const token = (...args: string[]) => run(tokenCommand, ...args)
  const stored = () => new ApiTokenStore(dir)

  it('prints a token that counts, once, and lists it without', async () => {
    const { code, out } = await token('add', 'grafana', '--admin')
    expect(code).toBe(0)
    expect(stored().verify(out.trim())).toMatchObject({ kind: 'token', username: 'grafana', admin: true })
    expect(readFileSync(join(dir, 'api-tokens.json'), 'utf8')).not.toContain(out.trim().slice(-43))
    const { out: list } = await token('list')
    expect(list).toMatch(/^[0-9a-f]{12}\tgrafana\tadmin\texpires \d{4}-\d\d-\d\d\tnever used\n$/)
  })

  it.each([
    ['in a year', [], 365],
    ['in days', ['--expires', '30d'], 30],
    ['at a date', ['--expires', new Date(Date.now() + 10 * DAY_MS).toISOString()], 10],
    ['never', ['--expires', 'never'], undefined],
  ])('makes tokens that end %s', async (_, args, days) => {
    await token('add', 'probe', ...args)
    const { expiresAt } = stored().list[0] ?? {}
    if (days === undefined) expect(expiresAt).toBeUndefined()
    else expect((Date.parse(expiresAt ?? '') - Date.now()) / DAY_MS).toBeCloseTo(days, 2)
  })

  it('removes by name and by id', async () => {
    await token('add', 'one')
    await token('add', 'two')
    const two = stored().list.find(({ name }) => name === 'two')
    expect((await token('remove', 'one')).out).toBe('token "one" removed\n')
    expect((await token('remove', two?.id ?? '')).out).toBe('token "two" removed\n')
    expect(stored().list).toEqual([])
  })

  it('fails with one sentence', async () => {
    await token('add', 'one')
    expect(await token('add', 'one')).toMatchObject({ code: 1, err: 'hepscope: there is a token "one" already\n' })
    expect(await token('remove', 'two')).toMatchObject({ code: 1, err: 'hepscope: there is no token "two"\n' })
    expect(await token('add', 'late', '--expires', '2001-01-01')).toMatchObject({ code: 1 })
    for (const args of [
      [],
      ['make', 'one'],
      ['add'],
      ['add', 'a', 'b'],
      ['add', 'a', '--expires', 'soon'],
      ['add', 'a', '--expires', '99999d'],
    ]) {
      await expect(token(...args)).rejects.toThrow(UsageError)
    }
  })
})

describe('hepscope user', () => {
  const user = (...args: string[]) => run(userCommand, ...args)

  it('adds, promotes, demotes, disables and removes', async () => {
    await user('add', 'boss', '--admin')
    const { out } = await user('add', 'carol')
    const password = /^password: (.+)$/m.exec(out)?.[1] ?? ''
    const users = new UserStore(dir)
    expect(await users.authenticate('carol', password)).toMatchObject({ admin: false })
    await user('promote', 'carol')
    await user('disable', 'carol')
    expect((await user('list')).out).toBe('boss (admin)\ncarol (admin, disabled)\n')
    expect(await users.authenticate('carol', password)).toBeUndefined()
    await user('enable', 'carol')
    await user('demote', 'carol')
    expect((await user('list')).out).toBe('boss (admin)\ncarol\n')
    expect((await user('remove', 'carol')).code).toBe(0)
    expect((await user('remove', 'boss')).err).toContain('last admin')
    for (const args of [[], ['rename', 'a'], ['add'], ['add', 'a', 'b']]) {
      await expect(user(...args)).rejects.toThrow(UsageError)
    }
  })
})
