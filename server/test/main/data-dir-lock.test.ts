import { spawn } from 'node:child_process'
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { DataDirError, lockDataDir } from '../../src/main/data-dir-lock.ts'

describe('lockDataDir', () => {
  let dir = ''
  beforeEach(() => {
    dir = mkdtempSync(join(tmpdir(), 'hepscope-lock-'))
  })
  afterEach(() => rmSync(dir, { recursive: true }))

  const writeLock = (text: string): void => writeFileSync(join(dir, 'hepscope.lock'), text)

  it('refuses a directory that a running process has, and names it', async () => {
    const other = spawn(process.execPath, ['-e', 'setTimeout(() => {}, 60_000)'])
    try {
      const started = startOf(other.pid ?? 0)
      writeLock(JSON.stringify({ pid: other.pid, started }))
      expect(() => lockDataDir(dir)).toThrow(DataDirError)
      expect(() => lockDataDir(dir)).toThrow(
        `cannot use the data directory ${dir}: it is in use by process ${other.pid}`,
      )
    } finally {
      other.kill('SIGKILL')
    }
  })

  it.each([
    ['a process that is gone', JSON.stringify({ pid: 2 ** 22 + 1, started: '1' })],
    ['our own id, of the run before', JSON.stringify({ pid: process.pid, started: 'another time' })],
    ['a later process with the same id', JSON.stringify({ pid: process.ppid, started: 'another time' })],
    ['nothing', ''],
    ['garbage', '{"pid":"x"}'],
  ])('takes over from %s', (_name, text) => {
    writeLock(text)
    const release = lockDataDir(dir)
    expect(existsSync(join(dir, 'hepscope.lock'))).toBe(true)
    release()
    expect(readdirSync(dir)).toEqual([])
  })

  it('makes the directory, or says why it cannot', () => {
    lockDataDir(join(dir, 'new', 'data'))()
    expect(existsSync(join(dir, 'new', 'data'))).toBe(true)
    expect(() => lockDataDir('/dev/null/data')).toThrow(/^cannot use the data directory \/dev\/null\/data: ENOTDIR/)
  })

  it('gives the directory back', () => {
    lockDataDir(dir)()
    lockDataDir(dir)()
    expect(readdirSync(dir)).toEqual([])
  })
})

/** As the lock notes it. */
function startOf(pid: number): string {
  const text = existsSync(`/proc/${pid}/stat`) ? readFileSync(`/proc/${pid}/stat`, 'utf8') : ') '
  return text.slice(text.lastIndexOf(')') + 2).split(' ')[19] ?? ''
}
